import { beforeEach, expect, test, vi } from 'vitest';
import { SILENT_LOG } from '../ports/log';
import { createDiscards, type Discards } from './discards';

let timers: (() => void)[] = [];
let hidden = new Set<string>();
let bin: string[] = [];
let scans = 0;
let canScan = true;
let discards: Discards;

beforeEach(() => {
  timers = [];
  hidden = new Set();
  bin = [];
  scans = 0;
  canScan = true;
  discards = createDiscards({
    clock: {
      wallMs: () => 0,
      monotonicMs: () => 0,
      every: () => () => undefined,
      after: (_delayMs, run) => {
        timers.push(run);
        return () => void (timers = timers.filter((timer) => timer !== run));
      },
    },
    log: SILENT_LOG,
    library: {
      hide: (ids) => ids.forEach((id) => hidden.add(id)),
      show: (ids) => ids.forEach((id) => hidden.delete(id)),
      fileOf: (id) => (id === 'gone' ? Promise.reject(new Error('gone')) : Promise.resolve(`/videos/${id}`)),
      scan: () => {
        scans += 1;
        return canScan ? Promise.resolve() : Promise.reject(new Error('EIO'));
      },
    },
    moveToBin: (file) => {
      bin.push(file);
      return Promise.resolve();
    },
  });
});

test('a discarded video is hidden immediately and moved to the bin later', async () => {
  discards.discard(['a', 'b']);
  expect([...hidden]).toEqual(['a', 'b']);
  expect(bin).toEqual([]);
  timers.forEach((run) => run());
  await vi.waitFor(() => expect(bin).toEqual(['/videos/a', '/videos/b']));
  await vi.waitFor(() => expect(hidden.size).toBe(0));
  // Reading thousands of files once for each of a thousand videos would take minutes.
  expect(scans).toBe(1);
});

test('a restored video never reaches the bin; the others do before the app quits', async () => {
  discards.discard(['a', 'b']);
  discards.restore(['a']);
  expect([...hidden]).toEqual(['b']);
  await discards.flush();
  expect(bin).toEqual(['/videos/b']);
  expect(timers).toEqual([]);
});

test('a discarded video whose file has disappeared is no error', async () => {
  discards.discard(['gone']);
  await discards.flush();
  expect(bin).toEqual([]);
  expect([...hidden]).toEqual([]);
});

test('a folder that can no longer be read hides no video for good', async () => {
  canScan = false;
  discards.discard(['gone']);
  await discards.flush();
  expect(hidden.size).toBe(0);
});
