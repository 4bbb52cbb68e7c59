/** Moves that are broken off at every step: one whole folder is named at each moment, and the next start ends the move. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from '../adapters/node/files';
import { nodeProcesses } from '../adapters/node/processes';
import type { Files } from '../ports/files';
import { openPlaces, type Places } from './locations';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel places '));
  await mkdir(path.join(folder, 'environment', 'inside'), { recursive: true });
  await writeFile(path.join(folder, 'environment', 'inside', 'a'), 'a'.repeat(1_000));
  await writeFile(path.join(folder, 'environment', 'b'), 'b');
  await symlink('inside/a', path.join(folder, 'environment', 'link'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (files: Files = nodeFiles): Promise<Places> =>
  openPlaces(
    { files, processes: nodeProcesses },
    {
      file: path.join(folder, 'places.json'),
      defaults: { environment: path.join(folder, 'environment'), downloads: path.join(folder, 'downloads') },
    },
  );
const chosen = (): string => path.join(folder, 'other');
const isWhole = async (root: string): Promise<boolean> =>
  (await readFile(path.join(root, 'link'), 'utf8').catch(() => '')).length === 1_000;

/** The file system as another disk begins at `other`, dying before its n-th change. */
function dying(step: number, isOneDisk: boolean): Files {
  let left = step;
  const dies = <A extends readonly unknown[]>(change: (...args: A) => Promise<void>) => {
    return async (...args: A): Promise<void> => {
      left -= 1;
      if (left < 0) throw new Error('killed');
      await change(...args);
    };
  };
  return {
    ...nodeFiles,
    deviceOf: (each) => Promise.resolve(isOneDisk || !each.includes('other') ? 1 : 2),
    writeAtomically: dies(nodeFiles.writeAtomically),
    rename: dies(nodeFiles.rename),
    remove: dies(nodeFiles.remove),
    copyFolder: dies(nodeFiles.copyFolder),
  };
}

test.each([true, false])('killed at each step, on one disk: %s', async (isOneDisk) => {
  for (let step = 0; step < 9; step += 1) {
    await (await open(dying(step, isOneDisk))).move('environment', chosen()).catch(() => undefined);
    const after = await open(dying(99, isOneDisk));
    await after.resume();
    expect(after.unfinished()).toBeNull();
    expect(await isWhole(after.folderOf('environment')), `after step ${String(step)}`).toBe(true);
    await after.move('environment', null);
    expect(await isWhole(path.join(folder, 'environment'))).toBe(true);
  }
});

test('a folder that holds something, or lies inside, is refused and nothing moves', async () => {
  const places = await open();
  await mkdir(path.join(chosen(), 'splitreel', 'environment'), { recursive: true });
  await writeFile(path.join(chosen(), 'splitreel', 'environment', 'theirs'), '');
  const refusal = { error: { code: 'FOLDER_UNUSABLE' } };
  await expect(places.move('environment', chosen())).rejects.toMatchObject(refusal);
  await expect(places.move('environment', path.join(folder, 'environment'))).rejects.toMatchObject(refusal);
  expect(places.isDefault('environment')).toBe(true);
});
