import { expect, test } from 'vitest';
import golden from '../../../resources/golden/video-names.json';
import { outputPaths, videoName } from './output-path';

test.each(golden.cases)('$prompt', ({ prompt, seed, name }) => {
  expect(videoName(prompt, seed)).toBe(name);
});

test('no name is used twice', async () => {
  const [existing = ''] = golden.taken;
  const files = { stat: (file: string) => Promise.resolve(file === `/videos/${existing}` ? ({} as never) : null) };
  const paths = await outputPaths(files, '/videos', 'a', [1, 1]);
  expect(paths).toEqual(golden.taken.slice(1).map((name) => `/videos/${name}`));
});
