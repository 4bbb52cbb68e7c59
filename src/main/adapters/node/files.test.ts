import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from './files';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;

test.each(['writeAtomically', 'append'] as const)('%s creates files that only their owner can read', async (method) => {
  const file = path.join(folder, 'data', 'settings.json');
  await nodeFiles[method](file, 'x');
  expect(await modeOf(file)).toBe(0o600);
  expect(await modeOf(path.dirname(file))).toBe(0o700);
});

test('the error of a write names its target, not a temporary file', async () => {
  const target = path.join(folder, 'a file', 'fox.mp4');
  await nodeFiles.append(path.dirname(target), 'x');
  await nodeFiles.append(path.join(folder, 'source'), 'x');
  for (const write of [
    () => nodeFiles.writeAtomically(target, 'x'),
    () => nodeFiles.append(target, 'x'),
    () => nodeFiles.copy(path.join(folder, 'source'), target),
    () => nodeFiles.copyDurably(path.join(folder, 'source'), target),
    () => nodeFiles.copyFolder(folder, target),
    () => nodeFiles.rename(path.join(folder, 'source'), target),
    () => nodeFiles.makeFolder(target),
  ])
    await expect(write()).rejects.toMatchObject({ target });
});
