import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFiles } from '../adapters/node/files';
import { nodeRandom } from '../adapters/node/random';
import { SILENT_LOG } from '../ports/log';
import type { Exit, WorkerProcess } from '../ports/processes';
import type { WorkerCommand } from '../../shared/protocol';
import { createEngine, type Engine } from './engine';
import { replaceable } from './replace';

let folder = '';
let timers: (() => void)[] = [];
let exits: ((exit: Exit) => void)[] = [];
let lost: string[] = [];
let engine: Engine;

function fakeProcess(): WorkerProcess {
  return {
    pid: null,
    writeLine: () => undefined,
    endInput: () => undefined,
    onEventBytes: () => undefined,
    onOutput: () => undefined,
    kill: () => undefined,
    exited: new Promise((resolve) => exits.push(resolve)),
  };
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-engine-'));
  timers = [];
  exits = [];
  lost = [];
  engine = createEngine(
    {
      files: nodeFiles,
      clock: {
        wallMs: () => 0,
        monotonicMs: () => 0,
        every: () => () => undefined,
        after: (_delayMs, run) => {
          timers.push(run);
          return () => void (timers = timers.filter((timer) => timer !== run));
        },
      },
      random: nodeRandom,
      log: SILENT_LOG,
      processes: { find: () => Promise.resolve(null), tree: () => Promise.resolve([]), killPid: () => undefined },
      startProcess: () => Promise.resolve(fakeProcess()),
    },
    {
      pidFile: path.join(folder, 'worker.json'),
      onState: () => undefined,
      onEvent: () => undefined,
      onLost: ({ code }) => lost.push(code),
    },
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function startAndDie(): Promise<void> {
  await engine.start();
  exits[0]?.({ code: 1, signal: null, problem: null });
  await expect.poll(() => lost).toEqual(['WORKER_DIED']);
}

test('a worker that dies is started again', async () => {
  await startAndDie();
  timers.forEach((run) => run());
  await expect.poll(() => exits).toHaveLength(2);
});

test('a worker that died just before a stop is not started again', async () => {
  await startAndDie();
  await engine.stop();
  timers.forEach((run) => run());
  await engine.stop();
  expect(exits).toHaveLength(1);
});

test('a stop ends the running job', async () => {
  await engine.start();
  const stopped = engine.stop();
  exits[0]?.({ code: 0, signal: null, problem: null });
  await expect
    .poll(() => {
      timers.splice(0).forEach((run) => run());
      return lost;
    })
    .toEqual(['WORKER_STOPPED']);
  await stopped;
});

describe('a replaced engine', () => {
  const done: string[] = [];
  const step = (name: string) => () => Promise.resolve(void done.push(name));
  const open = () => {
    done.length = 0;
    const engine = { send: () => true, isReady: () => true, start: step('start'), stop: step('stop') };
    return replaceable(engine as unknown as Engine);
  };
  const start = { type: 'startJob' } as WorkerCommand;
  const end = { type: 'jobCanceled', jobId: 'j' } as const;

  test('is stopped at once without a job', async () => {
    const replaced = open();
    await replaced.replace();
    expect(done).toEqual(['stop']);
    expect(replaced.isReady()).toBe(true);
  });

  test('lets the running job end, starts no other, and is started again', async () => {
    const replaced = open();
    replaced.send(start);
    await replaced.replace();
    expect([done, replaced.isReady(), replaced.isReplaced()]).toEqual([[], false, true]);
    replaced.handleEvent(end);
    replaced.handleLost();
    await expect.poll(() => done).toEqual(['stop', 'start']);
    expect([replaced.isReady(), replaced.isReplaced()]).toEqual([true, false]);
    replaced.handleEvent(end);
    await replaced.replace();
    expect(done).toEqual(['stop', 'start', 'stop']);
  });
});
