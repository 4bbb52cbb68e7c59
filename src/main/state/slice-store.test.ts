import { beforeEach, expect, test } from 'vitest';
import { snapshotSchema, type SliceChanged, type SliceName, type Slices } from '../../shared/ipc';
import { applyChange } from '../../shared/slice-change';
import { MODEL, SLICES, job } from '../../../test/fakes/main-process';
import { createSliceStore, type SliceStore } from './slice-store';

let store: SliceStore;
let reported: { slice: SliceName; problem: string }[] = [];
let changes: SliceChanged[] = [];

beforeEach(() => {
  reported = [];
  changes = [];
  store = createSliceStore(SLICES, (slice, problem) => void reported.push({ slice, problem }));
  store.subscribe((change) => void changes.push(change));
});

test('changes applied in order produce the same state as a snapshot', () => {
  const before = store.snapshot().slices;
  store.set('jobs', [job({ status: 'queued' }, 'a'), job({ status: 'queued' }, 'b')]);
  store.set('settings', { ...SLICES.settings, theme: 'dark' });
  store.set('jobs', [...store.get('jobs')].reverse());
  const after = changes.reduce<Slices | null>((slices, change) => slices && applyChange(slices, change), before);
  expect(after).toEqual(store.snapshot().slices);
  expect(changes.map(({ revision }) => revision)).toEqual([1, 2, 3]);
});

test('only the changed job of many is pushed', () => {
  const jobs = Array.from({ length: 5_000 }, (_, index) => job({ status: 'queued' }, String(index)));
  store.set('jobs', jobs);
  store.set('jobs', [job({ status: 'running' }, '0'), ...jobs.slice(1)]);
  expect(changes[1]).toMatchObject({ patch: { items: [{ id: '0' }], order: null } });
});

test('setting a list to its current value pushes nothing', () => {
  store.set('models', [...SLICES.models]);
  expect(changes).toEqual([]);
});

test('an item that the window would not accept is left out and reported once; the others stay', () => {
  const broken = { ...MODEL, id: 'broken', sizeBytes: 'many' } as unknown as Slices['models'][number];
  store.set('models', [MODEL, broken]);
  expect(store.get('models').map(({ id }) => id)).toEqual(['demo']);
  store.set('models', [{ ...MODEL }, broken]);
  expect(store.get('models').map(({ id }) => id)).toEqual(['demo']);
  expect(reported).toHaveLength(1);
  expect(reported[0]?.problem).toMatch(/broken.*sizeBytes/s);
  snapshotSchema.parse(store.snapshot());
});

test('an item checked before its list is set is not checked again', () => {
  let reads = 0;
  const counted = {
    ...MODEL,
    get sizeBytes() {
      reads += 1;
      return MODEL.sizeBytes;
    },
  };
  store.check('models', counted);
  expect(reads).toBeGreaterThan(0);
  reads = 0;
  store.set('models', [counted]);
  expect(reads).toBe(0);
  expect(store.get('models')).toEqual([MODEL]);
});

test('a slice that the window would not accept keeps its last value and is reported', () => {
  store.set('machine', { ...SLICES.machine, cpuCores: -1 });
  expect(store.get('machine').cpuCores).toBe(8);
  expect(reported).toMatchObject([{ slice: 'machine' }]);
});
