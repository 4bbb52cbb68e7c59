/** Moves killed at each step: one complete folder exists at every moment, and nothing else is removed. */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { nodeProcesses } from '../adapters/node/processes';
import { nodeRandom } from '../adapters/node/random';
import { moveModels } from '../models/move';
import type { Files } from '../ports/files';
import { openLocations, type Locations } from './locations';
import { moveFolder, openMoveJournal, type MovePorts } from './move-folder';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel moves '));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const at = (...parts: string[]): string => path.join(folder, ...parts);

/** A file system in which `other` is another disk and the process is killed before its n-th change. */
function failingAt(step: number, isOneDisk: boolean): Files {
  let left = step;
  const dies = <A extends readonly unknown[]>(change: (...args: A) => Promise<void>) => {
    return async (...args: A): Promise<void> => {
      left -= 1;
      if (left < 0) throw new Error('killed');
      await change(...args);
    };
  };
  const isOther = (file: string): boolean => file.startsWith(at('other'));
  return {
    ...nodeFiles,
    deviceOf: (file) => Promise.resolve(isOneDisk || !isOther(file) ? 1 : 2),
    writeAtomically: dies(nodeFiles.writeAtomically),
    rename: dies((from, to) => {
      if (isOneDisk || isOther(from) === isOther(to)) return nodeFiles.rename(from, to);
      return Promise.reject(Object.assign(new Error('another disk'), { code: 'EXDEV' }));
    }),
    remove: dies(nodeFiles.remove),
    copyFolder: dies(nodeFiles.copyFolder),
  };
}
const ALIVE = 999;

async function openPorts(files: Files = nodeFiles): Promise<MovePorts> {
  const ports = { files, processes: nodeProcesses, random: nodeRandom };
  return { ...ports, journal: await openMoveJournal({ files, clock: nodeClock }, at('moves.json')) };
}
const openTheLocations = async (files: Files = nodeFiles): Promise<Locations> =>
  openLocations(
    { ...(await openPorts(files)), clock: nodeClock },
    {
      file: at('locations.json'),
      defaults: { environment: at('environment'), downloads: at('downloads') },
    },
  );

async function write(file: string, content: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

describe('the environment', () => {
  beforeEach(async () => {
    await write(at('environment', 'inside', 'a'), 'a'.repeat(1_000));
    await write(at('environment', 'b'), 'b');
    await symlink('inside/a', at('environment', 'link'));
  });
  const isWhole = async (root: string): Promise<boolean> =>
    (await readFile(path.join(root, 'link'), 'utf8').catch(() => '')).length === 1_000;

  test.each([true, false])('killed at each step, on one disk: %s', async (isOneDisk) => {
    for (let step = 0; step < 14; step += 1) {
      await (
        await openTheLocations(failingAt(step, isOneDisk))
      )
        .move('environment', at('other'))
        .catch(() => undefined);
      const after = await openTheLocations(failingAt(ALIVE, isOneDisk));
      expect((await isWhole(after.folderOf('environment'))) || after.unfinished() !== null).toBe(true);
      await after.resume();
      expect(after.unfinished()).toBeNull();
      expect(await isWhole(after.folderOf('environment')), `after step ${String(step)}`).toBe(true);
      await after.move('environment', null);
      expect(await isWhole(at('environment'))).toBe(true);
      expect((await readdir(folder)).filter((name) => /part|removing/.test(name))).toEqual([]);
    }
  });

  test('a target that contains something, or is inside the source, is rejected and nothing moves', async () => {
    const locations = await openTheLocations();
    await write(at('other', 'splitreel', 'environment', 'theirs'), '');
    await write(at('third', 'splitreel', 'environment'), 'a file of theirs');
    await expect(locations.move('environment', at('third'))).rejects.toMatchObject({
      error: { code: 'OUTPUT_EXISTS' },
    });
    expect(await readFile(at('third', 'splitreel', 'environment'), 'utf8')).toBe('a file of theirs');
    const full = { error: { code: 'FOLDER_NOT_EMPTY' } };
    await expect(locations.move('environment', at('other'))).rejects.toMatchObject(full);
    const nested = { error: { code: 'FOLDER_NESTED' } };
    await expect(locations.move('environment', at('environment'))).rejects.toMatchObject(nested);
    expect(locations.isDefault('environment')).toBe(true);
  });

  test('a damaged file of locations is set aside and reported', async () => {
    await writeFile(at('locations.json'), '{"environment": 7}');
    const locations = await openTheLocations();
    expect(locations.problem).toMatchObject({ code: 'STORE_CORRUPT' });
    expect((await readdir(folder)).some((name) => name.startsWith('locations.json.damaged-'))).toBe(true);
    expect(locations.folderOf('environment')).toBe(at('environment'));
  });
});

describe('models', () => {
  const model = (base: string, name: string, weights: string): Promise<unknown> =>
    Promise.all([
      write(at(base, name, 'model_index.json'), '{}'),
      write(at(base, name, 'vae', 'weights.safetensors'), weights),
    ]);
  const weightsOf = (base: string, name: string): Promise<string> =>
    readFile(at(base, name, 'vae', 'weights.safetensors'), 'utf8').catch(() => '');
  const move = async (files: Files = nodeFiles): Promise<void> =>
    moveModels(await openPorts(files), at('models'), at('other'), () => undefined);

  test.each([true, false])('killed at each step, on one disk: %s', async (isOneDisk) => {
    for (let step = 0; step < 24; step += 1) {
      await rm(at('other'), { recursive: true, force: true });
      for (const name of ['one', 'two']) await model('models', name, name.repeat(100));
      await move(failingAt(step, isOneDisk)).catch(() => undefined);
      for (const name of ['one', 'two'])
        expect([await weightsOf('models', name), await weightsOf('other', name)]).toContain(name.repeat(100));
      await move(failingAt(ALIVE, isOneDisk));
      for (const name of ['one', 'two']) expect(await weightsOf('other', name)).toBe(name.repeat(100));
      expect(await readdir(at('models'))).toEqual([]);
      expect((await readdir(at('other'))).sort()).toEqual(['one', 'two']);
    }
  });

  test.each([true, false])(
    'another model of the same name and size stays, and so does the moved one; one disk: %s',
    async (isOneDisk) => {
      await model('models', 'mine', 'my own weights');
      await model('models', 'other', 'moves all the same');
      await model('other', 'mine', 'OTHER weights!');
      const taken = { error: { code: 'OUTPUT_EXISTS', params: { file: at('other', 'mine') } } };
      await expect(move(failingAt(ALIVE, isOneDisk))).rejects.toMatchObject(taken);
      expect(await weightsOf('models', 'mine')).toBe('my own weights');
      expect(await weightsOf('other', 'mine')).toBe('OTHER weights!');
      expect(await weightsOf('other', 'other')).toBe('moves all the same');
    },
  );

  test('what is not a model stays: files and folders that only look like leftovers of a move', async () => {
    await model('models', 'mine', 'weights');
    await write(at('models', 'notes.part'), 'a file');
    await write(at('models', 'holiday.removing', 'picture'), 'x');
    await write(at('models', 'draft.part', 'chapter'), 'x');
    await write(at('models', 'half.part', '.parts', 'abc.part'), 'an unfinished download');
    await move();
    expect((await readdir(at('models'))).sort()).toEqual(['draft.part', 'holiday.removing', 'notes.part']);
    expect((await readdir(at('other'))).sort()).toEqual(['half.part', 'mine']);
  });
});

test('only one move runs at a time, whatever it moves', async () => {
  await write(at('environment', 'a'), 'a');
  const killed = failingAt(2, false);
  await expect((await openTheLocations(killed)).move('environment', at('other'))).rejects.toThrow('killed');
  const folders = { purpose: 'models', from: at('models', 'x'), to: at('other', 'x') } as const;
  await expect(moveFolder(await openPorts(), folders)).rejects.toMatchObject({ error: { code: 'MOVE_RUNNING' } });
});
