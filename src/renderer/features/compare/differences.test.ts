import { expect, test } from 'vitest';
import { video } from '../../../../test/fakes/main-process';
import { request } from '../../../../test/fakes/request';
import { ONE_RANK } from '../../../shared/plan';
import { copy } from '../../copy';
import { differences } from './differences';

const strings = copy.compare.settings;
const withRequest = (changes: Parameters<typeof request>[0], plan = ONE_RANK) =>
  video('v', { request: request(changes), plan });

test("only differences are listed, with each video's value in order", () => {
  const videos = [
    withRequest({ seed: 1, guidanceScale: 4, imagePath: '/a/dog.png' }),
    withRequest({ seed: 2, guidanceScale: 4 }, { ...ONE_RANK, cfg: 2, ulysses: 2 }),
    withRequest({ seed: 2, guidanceScale: 8 }),
  ];
  expect(differences(videos)).toEqual([
    { label: strings.guidanceScale, values: ['4', '4', '8'] },
    { label: strings.seed, values: ['1', '2', '2'] },
    { label: strings.plan, values: ['off', 'CFG 2, Ulysses 2', 'off'] },
    { label: strings.image, values: ['dog.png', 'off', 'off'] },
    { label: strings.imageFit, values: ['Crop', 'off', 'off'] },
  ]);
});

test('equal settings give no list, and a file without settings differs in nothing', () => {
  expect(differences([withRequest({}), withRequest({})])).toEqual([]);
  expect(differences([withRequest({}), { metadata: null }])).toEqual([]);
  expect(differences([withRequest({ seed: 1 }), { metadata: null }, withRequest({ seed: 2 })])).toEqual([
    { label: strings.seed, values: ['1', copy.compare.unknown, '2'] },
  ]);
});

test('PipeFusion settings count only where PipeFusion is used', () => {
  const changes = [
    { warmupSteps: 1, numPipelinePatch: 2 },
    { warmupSteps: 3, numPipelinePatch: 4 },
  ];
  expect(differences(changes.map((change) => withRequest(change)))).toEqual([]);
  expect(differences(changes.map((change) => withRequest(change, { ...ONE_RANK, pp: 2 })))).toEqual([
    { label: strings.numPipelinePatch, values: ['2', '4'] },
    { label: strings.warmupSteps, values: ['1', '3'] },
  ]);
});
