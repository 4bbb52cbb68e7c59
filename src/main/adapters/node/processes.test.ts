import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { nodeProcesses } from './processes';

test('a program outside PATH is not found, even if a folder in PATH is unreadable', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
  const closed = path.join(folder, 'closed');
  await mkdir(closed);
  await chmod(closed, 0);
  // Root can read any folder, but nobody can enter a file that stands in for one.
  const env = { PATH: `${closed}:${path.join(import.meta.dirname, 'processes.ts')}:/usr/bin` };
  const outcome = await nodeProcesses.run('no-such-program', { args: [], env, timeoutMs: 10_000 });
  expect(outcome.kind).toBe('notFound');
  await chmod(closed, 0o700);
  await rm(folder, { recursive: true });
});
