import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, expect, test, vi } from 'vitest';
import { nodeProcesses } from './processes';

afterEach(() => vi.restoreAllMocks());

test('a program outside PATH is not found, even if a folder in PATH is unreadable', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
  const closed = path.join(folder, 'closed');
  await mkdir(closed);
  await chmod(closed, 0);
  // Root can read any folder, but no one can enter a file in place of one.
  const env = { PATH: `${closed}:${path.join(import.meta.dirname, 'processes.ts')}:/usr/bin` };
  const outcome = await nodeProcesses.run('no-such-program', { args: [], env, timeoutMs: 10_000 });
  expect(outcome.kind).toBe('notFound');
  await chmod(closed, 0o700);
  await rm(folder, { recursive: true });
});

test('no process is signaled by a number that was freed with its group', async () => {
  const kill = vi.spyOn(process, 'kill');
  const outcome = await nodeProcesses.run('true', { args: [], env: { PATH: '/usr/bin:/bin' }, isGroup: true });
  expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
  expect(kill.mock.calls.filter(([pid, signal]) => pid > 0 && signal !== 0)).toEqual([]);
  expect(kill).toHaveBeenCalled();
});

test('what a finished program has left of its group is ended', async () => {
  const args = ['-c', 'sleep 600 >/dev/null 2>&1 & echo $!'];
  const outcome = await nodeProcesses.run('sh', { args, env: { PATH: '/usr/bin:/bin' }, isGroup: true });
  if (outcome.kind !== 'exited') throw new Error(outcome.kind);
  await expect.poll(() => nodeProcesses.find(Number(outcome.stdout))).toBeNull();
});
