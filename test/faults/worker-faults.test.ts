import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { spawn } from 'node:child_process';
import process from 'node:process';
import groups from '../../resources/process-environment.json';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { nodeClock } from '../../src/main/adapters/node/clock';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import type { Files } from '../../src/main/ports/files';
import { jobInput, openFakeApp, until, type FakeApp } from '../fakes/app';

let app: FakeApp | null = null;
afterEach(async () => {
  await app?.close();
  app = null;
});

const open = async (...args: Parameters<typeof openFakeApp>): Promise<FakeApp> => {
  app = await openFakeApp(...args);
  return app;
};
const isOver = (one: FakeApp, id: string): boolean =>
  ['finished', 'failed', 'canceled', 'interrupted'].includes(
    one.jobs().find((job) => job.id === id)?.state.status ?? '',
  );
const stateOf = (one: FakeApp, id: string) => one.jobs().find((job) => job.id === id)?.state;
const isAlive = async (pid: number): Promise<boolean> => (await nodeProcesses.find(pid)) !== null;

describe('a correct worker', () => {
  test('runs two jobs in order, each saved before it is reported', async () => {
    const one = await open();
    const first = await one.queue.enqueue(jobInput());
    const second = await one.queue.enqueue(jobInput({ prompt: 'a cat', seed: 8 }));
    await until(() => isOver(one, second));
    expect(one.jobs().map(({ id, state }) => [id, state.status])).toEqual([
      [first, 'finished'],
      [second, 'finished'],
    ]);
    expect((await readdir(path.join(one.folder, 'videos'))).sort()).toEqual([
      'a-cat_seed8.mp4',
      'a-small-dog_seed7.mp4',
    ]);
    const written = JSON.parse(await readFile(path.join(one.folder, 'jobs.json'), 'utf8')) as { jobs: unknown };
    expect(written.jobs).toEqual(one.jobs());
  });

  test('starts a job before its running state is on disk', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const writeAtomically: Files['writeAtomically'] = async (file, content) => {
      if (file.endsWith('jobs.json') && String(content).includes('"running"')) await held;
      await nodeFiles.writeAtomically(file, content);
    };
    const one = await open({ files: { ...nodeFiles, writeAtomically } });
    const id = await one.queue.enqueue(jobInput());
    await until(() => one.progress()?.videos[0]?.stages.some(({ status }) => status === 'finished') === true);
    expect(stateOf(one, id)?.status).toBe('running');
    letGo();
    await until(() => isOver(one, id));
  });

  test('gets exactly the listed environment, whatever the shell has', async () => {
    const foreign = {
      HF_TOKEN: 'secret',
      OPENAI_API_KEY: 'secret',
      AWS_SECRET_ACCESS_KEY: 'secret',
      LD_PRELOAD: '',
      LD_LIBRARY_PATH: '/evil',
      PYTHONPATH: '/evil',
      PYTHONHOME: '/evil',
      PYTHONSTARTUP: '/evil',
      NODE_OPTIONS: '',
    };
    const before = { ...process.env };
    Object.assign(process.env, foreign, { CUDA_VISIBLE_DEVICES: '0', HF_HOME: '/cache' });
    try {
      const one = await open({ mode: 'dumps-environment' });
      await until(() => one.logged.some((line) => line.includes('"PATH"')));
      const dump = one.logged.find((line) => line.includes('"PATH"')) ?? '';
      const seen = JSON.parse(dump.slice(dump.indexOf('{'))) as Record<string, string>;
      const listed = Object.values(groups).flat();
      const set = {
        CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
        PYTHONNOUSERSITE: '1',
        HF_HUB_OFFLINE: '1',
        TRANSFORMERS_OFFLINE: '1',
      };
      expect(seen).toMatchObject({ ...set, CUDA_VISIBLE_DEVICES: '0', HF_HOME: '/cache' });
      expect(Object.keys(seen).filter((name) => !listed.includes(name) && !(name in set))).toEqual([]);
    } finally {
      process.env = before;
    }
  });
});

describe('a worker that fails', () => {
  test.each([
    ['dies-in-step', 'WORKER_DIED'],
    ['garbage', 'PROTOCOL_BROKEN'],
    ['giant-line', 'PROTOCOL_BROKEN'],
    ['skips-a-number', 'PROTOCOL_BROKEN'],
    ['out-of-memory', 'GPU_OOM'],
  ])('%s: the job says %s, and the next job runs', async (mode, code) => {
    const one = await open({ mode });
    const first = await one.queue.enqueue(jobInput());
    one.setMode('well');
    await until(() => isOver(one, first));
    expect(stateOf(one, first)).toMatchObject({ status: 'failed', error: { code } });
    if (mode === 'out-of-memory') return;
    const second = await one.queue.enqueue(jobInput());
    await until(() => isOver(one, second));
    expect(stateOf(one, second)?.status).toBe('finished');
  });

  test('stopped: its silence is noticed, it is killed, and the next job runs', async () => {
    const one = await open({ mode: 'stops-in-step', hungAfterMs: 3_000 });
    const first = await one.queue.enqueue(jobInput());
    one.setMode('well');
    await until(() => isOver(one, first));
    expect(stateOf(one, first)).toMatchObject({ status: 'failed', error: { code: 'WORKER_HUNG' } });
    const second = await one.queue.enqueue(jobInput());
    await until(() => isOver(one, second));
    expect(stateOf(one, second)?.status).toBe('finished');
  });

  test('never ready: it is abandoned with an error, not retried forever', async () => {
    const one = await open({ mode: 'dies-at-start' });
    await until(() => one.engineState().status === 'failed');
    expect(one.engineState().error?.code).toBe('WORKER_DIED');
  });

  test('deaf to stdin and SIGTERM, with a child in another session: nothing is left', async () => {
    const one = await open({ mode: 'deaf' });
    await until(() => one.logged.some((line) => line.includes('child ')));
    const child = Number(/child (\d+)/.exec(one.logged.join('\n'))?.[1]);
    expect(await isAlive(child)).toBe(true);
    await one.engine.stop();
    // Killed by now, it ends as soon as it gets the CPU.
    await expect.poll(() => isAlive(child)).toBe(false);
  });
});

describe('an unusual but correct worker', () => {
  test.each(['half-characters', 'talks-on-stdout', 'flood', 'slow'])('%s: the job is finished', async (mode) => {
    const one = await open({ mode });
    // Longer than the silence after which a worker counts as hung.
    const id = await one.queue.enqueue(jobInput(mode === 'slow' ? { numInferenceSteps: 30 } : {}));
    await until(() => isOver(one, id));
    expect(stateOf(one, id)?.status).toBe('finished');
    // Twenty thousand events reach the window as a few dozen pushes.
    expect(one.progressCount()).toBeLessThan(200);
  });
});

describe('cancel', () => {
  test('a waiting job, a running job, twice: one terminal state each', async () => {
    const one = await open({ mode: 'slow' });
    const first = await one.queue.enqueue(jobInput({ numInferenceSteps: 50 }));
    const second = await one.queue.enqueue(jobInput());
    await until(() => stateOf(one, first)?.status === 'running');
    await one.queue.cancel(second);
    await Promise.all([one.queue.cancel(first), one.queue.cancel(first)]);
    await until(() => isOver(one, first));
    expect([stateOf(one, first)?.status, stateOf(one, second)?.status]).toEqual(['canceled', 'canceled']);
    const third = await one.queue.enqueue(jobInput());
    await until(() => isOver(one, third));
    expect(stateOf(one, third)?.status).toBe('finished');
  });

  test('a job that finishes before the cancel stays finished', async () => {
    const one = await open({ mode: 'finishes-anyway' });
    const id = await one.queue.enqueue(jobInput());
    await until(() => stateOf(one, id)?.status === 'running');
    await one.queue.cancel(id);
    await until(() => isOver(one, id));
    expect(stateOf(one, id)?.status).toBe('finished');
  });
});

describe("the computer's clock is set", () => {
  test.each([
    ['forward', 86_400_000],
    ['back', -86_400_000],
  ])('%s by a day before each job: no silence, no negative time, the same order', async (_name, jumpMs) => {
    let shiftMs = 0;
    const clock = { ...nodeClock, wallMs: () => Date.now() + shiftMs };
    const one = await open({ mode: 'slow', clock });
    const ids: string[] = [];
    const times: (number | null)[] = [];
    for (const seed of [1, 2, 3]) {
      ids.push(await one.queue.enqueue(jobInput({ seed, numInferenceSteps: 3 })));
      shiftMs += jumpMs;
    }
    await until(() => {
      for (const video of one.progress()?.videos ?? []) times.push(...video.stages.map(({ elapsedMs }) => elapsedMs));
      times.push(one.progress()?.msLeft ?? null, one.progress()?.msPerStep ?? null);
      return ids.every((id) => isOver(one, id));
    });
    expect(one.jobs().map(({ id, state }) => [id, state.status])).toEqual(ids.map((id) => [id, 'finished']));
    expect(times.filter((ms) => ms !== null && ms < 0)).toEqual([]);
  });
});

describe('the app ends during a job', () => {
  test('while a cancel is pending: one terminal state, in memory and at the next start', async () => {
    const one = await open({ mode: 'slow' });
    const id = await one.queue.enqueue(jobInput({ numInferenceSteps: 50 }));
    await until(() => stateOf(one, id)?.status === 'running');
    await Promise.all([one.queue.cancel(id), one.queue.close(), one.engine.stop()]);
    const ended = stateOf(one, id)?.status;
    expect(['canceled', 'interrupted']).toContain(ended);
    const two = await openFakeApp({ folder: one.folder });
    expect(stateOf(two, id)?.status).toBe(ended);
    await two.close();
  });

  test('the job is interrupted and can be retried; order and queue are kept', async () => {
    const one = await open({ mode: 'slow' });
    const ids: string[] = [];
    for (const seed of [1, 2, 3]) ids.push(await one.queue.enqueue(jobInput({ seed, numInferenceSteps: 50 })));
    await until(() => stateOf(one, ids[0] ?? '')?.status === 'running');
    await one.queue.close();
    await one.engine.stop();
    const two = await openFakeApp({ folder: one.folder });
    expect(two.jobs().map(({ id }) => id)).toEqual(ids);
    expect(two.jobs()[0]?.state.status).toBe('interrupted');
    await two.queue.retry(ids[0] ?? '');
    await until(() => two.jobs().every(({ state }) => state.status === 'finished'));
    await two.close();
  });

  test('a process that only has the pid of an old worker is left alone', async () => {
    const unrelated = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    onTestFinished(() => void unrelated.kill('SIGKILL'));
    const one = await open();
    await one.engine.stop();
    const record = { pid: unrelated.pid, startTime: '1', commandLine: 'python -I -m splitreel serve' };
    await writeFile(path.join(one.folder, 'worker.json'), JSON.stringify(record));
    await one.engine.start();
    expect(await isAlive(unrelated.pid ?? 0)).toBe(true);
  });
});

describe('what a window may request', () => {
  test('a blocked combination cannot be queued, whoever requests it', async () => {
    const one = await open();
    const plan = { dp: 1, cfg: 1, pp: 1, ring: 1, ulysses: 4, tp: 1 };
    await expect(one.queue.enqueue(jobInput({}, plan))).rejects.toMatchObject({ error: { code: 'PLAN_INVALID' } });
    await expect(one.queue.enqueue(jobInput({ numFrames: 50 }))).rejects.toMatchObject({
      error: { code: 'REQUEST_INVALID' },
    });
    await expect(one.queue.enqueue(jobInput({ prompt: ' ' }))).rejects.toMatchObject({
      error: { code: 'REQUEST_INVALID' },
    });
    await expect(one.queue.enqueue(jobInput({ modelId: 'other' }))).rejects.toMatchObject({
      error: { code: 'MODEL_MISSING' },
    });
    expect(one.jobs()).toEqual([]);
  });
});
