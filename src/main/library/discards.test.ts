import { beforeEach, expect, test } from 'vitest';
import type { AppError } from '../../shared/errors';
import { SILENT_LOG } from '../ports/log';
import { createDiscards, type Discards } from './discards';

let timers: (() => void)[] = [];
let hidden = new Set<string>();
let trash: string[] = [];
let scans = 0;
let problems: (AppError | null)[] = [];
let move: (file: string) => Promise<void>;
let canScan = true;
let discards: Discards;

beforeEach(() => {
  timers = [];
  hidden = new Set();
  trash = [];
  scans = 0;
  problems = [];
  move = (file) => {
    trash.push(file);
    return Promise.resolve();
  };
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
    moveToTrash: (file) => move(file),
    notify: (problem) => problems.push(problem),
  });
});

test('a discarded video is hidden immediately and moved to the trash later', async () => {
  discards.discard(['a', 'b']);
  expect([...hidden]).toEqual(['a', 'b']);
  expect(trash).toEqual([]);
  timers.forEach((run) => run());
  await expect.poll(() => trash).toEqual(['/videos/a', '/videos/b']);
  await expect.poll(() => hidden.size).toBe(0);
  // Reading thousands of files once for each of a thousand videos would take minutes.
  expect(scans).toBe(1);
});

test('a restored video never reaches the trash; the others do before the app quits', async () => {
  discards.discard(['a', 'b']);
  discards.restore(['a']);
  expect([...hidden]).toEqual(['b']);
  await discards.flush();
  expect(trash).toEqual(['/videos/b']);
  expect(timers).toEqual([]);
});

test('a discarded video whose file has disappeared is no error', async () => {
  discards.discard(['gone']);
  await discards.flush();
  expect(trash).toEqual([]);
  expect([...hidden]).toEqual([]);
  expect(problems).toEqual([]);
});

test('videos that the system refuses to move are back, with one message for all of them', async () => {
  move = (file) =>
    file === '/videos/b' ? (trash.push(file), Promise.resolve()) : Promise.reject(new Error('no trash'));
  discards.discard(['a', 'b', 'c']);
  await discards.flush();
  expect(trash).toEqual(['/videos/b']);
  expect([...hidden]).toEqual([]);
  expect(problems).toMatchObject([{ code: 'TRASH_FAILED', details: 'a: no trash\nc: no trash' }]);
});

test('quitting waits for videos that are being moved', async () => {
  let finish = (): void => undefined;
  move = (file) =>
    new Promise((resolve) => {
      finish = () => {
        trash.push(file);
        resolve();
      };
    });
  discards.discard(['a']);
  timers.forEach((run) => run());
  const flushed = discards.flush();
  await new Promise(setImmediate);
  finish();
  await flushed;
  expect(trash).toEqual(['/videos/a']);
});

test('a folder that can no longer be read hides no video for good', async () => {
  canScan = false;
  discards.discard(['gone']);
  await discards.flush();
  expect(hidden.size).toBe(0);
});
