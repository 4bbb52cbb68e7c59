import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { nodeProcesses } from './processes';

test('a program that is in no folder of PATH is not found, also where one of them may not be read', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
  const closed = path.join(folder, 'closed');
  await mkdir(closed);
  await chmod(closed, 0);
  // Root may read it all the same; what cannot be entered for anyone is a file in a folder's place.
  const env = { PATH: `${closed}:${path.join(import.meta.dirname, 'processes.ts')}:/usr/bin` };
  const outcome = await nodeProcesses.run('no-such-program', { args: [], env, timeoutMs: 10_000 });
  expect(outcome.kind).toBe('notFound');
  await chmod(closed, 0o700);
  await rm(folder, { recursive: true });
});
