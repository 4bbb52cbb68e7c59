import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { video } from '../../../test/fakes/main-process';
import { MAX_TAGS, normalTag, NO_MARKS } from '../../shared/marks';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { SILENT_LOG } from '../ports/log';
import type { VideoFile } from './library';
import { openMarks, type Marks } from './marks';

const DAY_MS = 24 * 3_600_000;
let folder = '';
let nowMs = 0;
let changes = 0;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-marks-'));
  nowMs = 1_000;
  changes = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (): Promise<Marks> =>
  openMarks(
    { files: nodeFiles, clock: { ...nodeClock, wallMs: () => nowMs }, log: SILENT_LOG },
    {
      file: path.join(folder, 'marks.json'),
      onChange: () => {
        changes += 1;
      },
    },
  );
const file = (id: string, sizeBytes = 1_000): VideoFile => {
  const { marks: _, ...rest } = video(id);
  return { ...rest, sizeBytes };
};
const marksOf = (marks: Marks, of: VideoFile) => marks.applyTo([of])[0]?.marks;

test('marks of several videos change together and survive a restart', async () => {
  const [a, b] = [file('a'), file('b', 2)];
  const marks = await open();
  marks.follow([a, b]);
  await marks.change(['a', 'b'], { isFavorite: true, addTags: ['sea', 'dusk'] });
  await marks.change(['b'], { rating: 4, removeTags: ['Sea'] });
  expect(changes).toBe(2);
  const again = await open();
  expect(marksOf(again, a)).toEqual({ isFavorite: true, rating: 0, tags: ['sea', 'dusk'] });
  expect(marksOf(again, b)).toEqual({ isFavorite: true, rating: 4, tags: ['dusk'] });
});

test('only a video whose marks change becomes a new object', async () => {
  const files = [file('a'), file('b', 2)];
  const marks = await open();
  marks.follow(files);
  const before = marks.applyTo(files);
  await marks.change(['b'], { rating: 1 });
  const after = marks.applyTo(files);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  await marks.change(['unknown'], { rating: 1 });
  expect(marks.applyTo(files)[1]).toBe(after[1]);
});

test('a video stays the same object when only the marks of missing files change', async () => {
  const [a, b] = [file('a'), file('b', 2)];
  const marks = await open();
  marks.follow([a, b]);
  await marks.change(['a', 'b'], { rating: 1 });
  const [before] = marks.applyTo([a]);
  marks.follow([a]);
  expect(marks.applyTo([a])[0]).toBe(before);
});

test('a tag is kept once, whatever its case; tags beyond the limit are left out', async () => {
  const a = file('a');
  const marks = await open();
  marks.follow([a]);
  await marks.change(['a'], { addTags: ['Sea', 'sea'] });
  expect(marksOf(marks, a)?.tags).toEqual(['Sea']);
  await marks.change(['a'], { addTags: Array.from({ length: MAX_TAGS }, (_, index) => `t${String(index)}`) });
  expect(marksOf(marks, a)?.tags).toHaveLength(MAX_TAGS);
});

test('marks follow a renamed file, even if the app was closed', async () => {
  const marks = await open();
  marks.follow([file('before')]);
  await marks.change(['before'], { isFavorite: true });
  const renamed = file('after');
  const again = await open();
  again.follow([renamed, file('other', 2)]);
  expect(marksOf(again, renamed)?.isFavorite).toBe(true);
  expect(marksOf(again, file('before'))).toEqual(NO_MARKS);
});

test('marks outlive their file for a month and are then removed', async () => {
  const a = file('a');
  const marks = await open();
  marks.follow([a]);
  await marks.change(['a'], { rating: 5 });
  marks.follow([]);
  nowMs += 29 * DAY_MS;
  marks.follow([a]);
  expect(marksOf(marks, a)?.rating).toBe(5);
  marks.follow([]);
  nowMs += 31 * DAY_MS;
  marks.follow([]);
  expect(marksOf(marks, a)).toEqual(NO_MARKS);
});

test.each([
  ['  golden   hour ', 'golden hour'],
  ['a,b', 'a b'],
  ['line\nbreak', 'line break'],
  [',', ''],
  ['x'.repeat(39) + '\u{1f600}', 'x'.repeat(39)],
])('%j is written as %j', (text, tag) => {
  expect(normalTag(text)).toBe(tag);
});
