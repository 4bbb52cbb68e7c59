import { expect, test } from 'vitest';
import { video } from '../../../../test/fakes/main-process';
import { request } from '../../../../test/fakes/request';
import type { LibraryVideo } from '../../../shared/library';
import { NO_FILTER, SORTS, type LibraryFilter, type LibrarySort } from '../../../shared/library-view';
import { ONE_RANK } from '../../../shared/plan';
import { facetsOf, findVideos } from './library-index';

const NOW_MS = new Date(2026, 5, 15, 12).getTime();
const DAY_MS = 24 * 3_600_000;

const made = (id: string, changes: Partial<LibraryVideo> = {}): LibraryVideo => ({ ...video(id), ...changes });
const fox = made('fox', {
  createdAtMs: NOW_MS - 3_600_000,
  durationMs: 1_000,
  sizeBytes: 300,
  marks: { isFavorite: true, rating: 5, tags: ['Forest', 'dusk'] },
  metadata: {
    ...video('fox').metadata,
    request: request({ prompt: 'A fox', width: 720, height: 480, quality: 'fast', modelId: 'two' }),
    plan: { ...ONE_RANK, ulysses: 2, cfg: 2 },
  },
});
const ball = made('ball', {
  createdAtMs: NOW_MS - 13 * 3_600_000,
  durationMs: 3_000,
  sizeBytes: 100,
  marks: { isFavorite: false, rating: 2, tags: ['dusk'] },
  metadata: { ...video('ball').metadata, request: request({ prompt: 'a ball', width: 256, height: 160 }) },
});
const sea = made('sea', {
  createdAtMs: NOW_MS - 20 * DAY_MS,
  durationMs: 2_000,
  sizeBytes: 200,
  metadata: {
    ...video('sea').metadata,
    request: request({ prompt: 'The sea', rewrittenFrom: '大海', width: 256, height: 160 }),
  },
});
const ALL = [fox, ball, sea];
const find = (filter: Partial<LibraryFilter>, search = '', sort: LibrarySort = 'newest'): readonly string[] =>
  findVideos(ALL, { search, sort, nowMs: NOW_MS, filter: { ...NO_FILTER, ...filter } }).map(({ id }) => id);

test.each<[Partial<LibraryFilter>, readonly string[]]>([
  [{}, ['fox', 'ball', 'sea']],
  [{ model: 'two' }, ['fox']],
  [{ size: '256x160' }, ['ball', 'sea']],
  // The ball is from yesterday evening: less than a day old, but not from today.
  [{ period: 'today' }, ['fox']],
  [{ period: 'week' }, ['fox', 'ball']],
  [{ period: 'month' }, ['fox', 'ball', 'sea']],
  [{ plan: 'one' }, ['ball', 'sea']],
  [{ plan: 'several' }, ['fox']],
  [{ plan: 'ulysses' }, ['fox']],
  [{ plan: 'ring' }, []],
  [{ quality: 'fast' }, ['fox']],
  [{ isFavorite: true }, ['fox']],
  [{ minRating: 2 }, ['fox', 'ball']],
  [{ tags: ['DUSK'] }, ['fox', 'ball']],
  [{ tags: ['dusk', 'forest'] }, ['fox']],
  [{ minRating: 2, size: '256x160' }, ['ball']],
])('the filter %j leaves %j', (filter, ids) => {
  expect(find(filter)).toEqual(ids);
});

test('a search looks through prompts, their originals and tags, whatever their case', () => {
  expect(find({}, 'FOX')).toEqual(['fox']);
  expect(find({}, '海')).toEqual(['sea']);
  expect(find({}, 'forest')).toEqual(['fox']);
  expect(find({ size: '256x160' }, 'dusk')).toEqual(['ball']);
});

test('each order sorts by its own value, and equal videos stay newest first', () => {
  expect(Object.fromEntries(SORTS.map((sort) => [sort, find({}, '', sort)]))).toEqual({
    newest: ['fox', 'ball', 'sea'],
    oldest: ['sea', 'ball', 'fox'],
    longest: ['ball', 'sea', 'fox'],
    largest: ['fox', 'sea', 'ball'],
    rating: ['fox', 'ball', 'sea'],
    prompt: ['ball', 'fox', 'sea'],
  });
});

test('only values in the library can be chosen, the largest size first', () => {
  expect(facetsOf(ALL)).toMatchObject({ sizes: ['720x480', '256x160'], axes: ['cfg', 'ulysses'] });
});

test('of 10,000 videos, another letter of a search neither sorts again nor reads a prompt twice', () => {
  let reads = 0;
  let ratingsRead = 0;
  const many = Array.from({ length: 10_000 }, (_, index) => {
    const { metadata, marks, ...rest } = video(String(index));
    return {
      ...rest,
      get marks() {
        ratingsRead += 1;
        return marks;
      },
      get metadata() {
        reads += 1;
        return metadata;
      },
    };
  });
  const query = { sort: 'prompt', nowMs: NOW_MS, filter: NO_FILTER } as const;
  expect(findVideos(many, { ...query, search: 'video 99' })).toHaveLength(111);
  reads = 0;
  expect(findVideos(many, { ...query, search: 'video 999' })).toHaveLength(11);
  expect(findVideos(many, { ...query, search: '' })[0]?.id).toBe('0');
  // The filter reads each of the remaining eleven, and the assertions read none.
  expect(reads).toBeLessThan(100);
  const byRating = { ...query, sort: 'rating' } as const;
  findVideos(many, { ...byRating, search: 'video 99' });
  ratingsRead = 0;
  findVideos(many, { ...byRating, search: 'video 999' });
  expect(ratingsRead).toBeLessThan(100);
});
