import path from 'node:path';
import { rm, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from '../../src/main/adapters/node/files';
import type { Files } from '../../src/main/ports/files';
import { jobInput, openFakeApp, until, type FakeApp } from '../fakes/app';

let folder = '';
let isFull = false;
/** Delays the record of the running worker. */
let note: Promise<void> = Promise.resolve();
let app: FakeApp;

/** The disk of the app's own data; videos go elsewhere. */
const files: Files = {
  ...nodeFiles,
  writeAtomically: async (file, content) => {
    if (path.basename(file) === 'worker.json') await note;
    return isFull
      ? Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
      : nodeFiles.writeAtomically(file, content);
  },
};

beforeEach(async () => {
  isFull = false;
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-full-'));
  app = await openFakeApp({ folder, files });
});
afterEach(async () => {
  isFull = false;
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

const statusOf = (id: string): string | undefined => app.jobs().find((job) => job.id === id)?.state.status;
const saved = async (): Promise<readonly { id: string; state: { status: string } }[]> => {
  const text = await readFile(path.join(folder, 'jobs.json'), 'utf8');
  return (JSON.parse(text) as { jobs: { id: string; state: { status: string } }[] }).jobs;
};

test('a job that ends while the disk is full has ended, and the next one runs', async () => {
  const first = await app.queue.enqueue(jobInput({ numInferenceSteps: 40 }));
  const second = await app.queue.enqueue(jobInput());
  await until(() => statusOf(first) === 'running');
  isFull = true;
  await until(() => statusOf(first) === 'finished' && statusOf(second) === 'finished');
  isFull = false;
  // The next change that the disk accepts writes everything.
  await app.queue.remove(first);
  expect(await saved()).toMatchObject([{ id: second, state: { status: 'finished' } }]);
});

test('a running job can be canceled while the disk is full', async () => {
  const id = await app.queue.enqueue(jobInput({ numInferenceSteps: 400 }));
  await until(() => statusOf(id) === 'running');
  isFull = true;
  await app.queue.cancel(id);
  await until(() => statusOf(id) === 'canceled');
});

test('a job that cannot be saved is refused, not accepted', async () => {
  isFull = true;
  await expect(app.queue.enqueue(jobInput())).rejects.toMatchObject({ error: { code: 'DISK_RAN_FULL' } });
  expect(app.jobs()).toEqual([]);
  isFull = false;
  const id = await app.queue.enqueue(jobInput());
  await until(() => statusOf(id) === 'finished');
  expect((await saved()).map((job) => job.id)).toEqual([id]);
});

test('the death of a worker that started on a full disk is noticed', async () => {
  await app.engine.stop();
  isFull = true;
  app.setMode('dies-in-step');
  await app.engine.start();
  expect(app.engineState().status).not.toBe('failed');
  isFull = false;
  const id = await app.queue.enqueue(jobInput());
  app.setMode('well');
  await until(() => statusOf(id) === 'failed');
  const next = await app.queue.enqueue(jobInput());
  await until(() => statusOf(next) === 'finished');
});

test('the death of a worker is noticed while its note is still being written', async () => {
  await app.engine.stop();
  let written: () => void = () => undefined;
  note = new Promise((resolve) => {
    written = resolve;
  });
  app.setMode('dies-in-step');
  const started = app.engine.start();
  const id = await app.queue.enqueue(jobInput());
  await until(() => statusOf(id) === 'failed');
  app.setMode('well');
  written();
  note = Promise.resolve();
  await started;
  const next = await app.queue.enqueue(jobInput());
  await until(() => statusOf(next) === 'finished');
});
