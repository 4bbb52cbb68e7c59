/** The queue with a worker of its own process: pausing, what the disk remembers of it, and videos that fail alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { jobInput, openFakeApp, until, type FakeApp } from '../fakes/app';

let app: FakeApp | null = null;
let folder: string | undefined;
afterEach(async () => {
  await app?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const statuses = (one: FakeApp): readonly string[] => one.jobs().map(({ state }) => state.status);

test('a paused queue lets the running job end, starts no other, and is still paused after a restart', async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-queue-'));
  app = await openFakeApp({ folder });
  await app.queue.enqueue(jobInput());
  await app.queue.enqueue(jobInput({ seed: 8 }));
  await until(() => statuses(app!)[0] === 'running');
  await app.queue.pause(true);
  await until(() => statuses(app!)[0] === 'finished');
  await app.close();
  app = await openFakeApp({ folder });
  await until(() => app?.engine.isReady() === true);
  // A call that changes the list comes after whatever the start has queued.
  await app.queue.move('none', 0);
  expect(statuses(app)).toEqual(['finished', 'queued']);
  await app.queue.pause(false);
  await until(() => statuses(app!)[1] === 'finished');
});

test('a job that finishes without one of its videos reports why', async () => {
  app = await openFakeApp({ mode: 'loses-a-video' });
  await app.queue.enqueue(jobInput({ videoCount: 3 }));
  await until(() => statuses(app!)[0] === 'finished');
  await until(() => app!.failures.length > 0);
  expect(app.failures.map(({ code }) => code)).toEqual(['DISK_RAN_FULL']);
  expect(app.jobs()[0]?.state).toMatchObject({ videoIds: [expect.any(String), expect.any(String)] });
});
