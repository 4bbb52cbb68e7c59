/** What is listed, removed and kept, on real files. */
import { existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Environment } from '../../shared/environment';
import type { Storage } from '../../shared/storage';
import { nodeFiles } from '../adapters/node/files';
import { nodeClock } from '../adapters/node/clock';
import { nodeRandom } from '../adapters/node/random';
import { createFirstFrames } from '../library/first-frames';
import { SILENT_LOG } from '../ports/log';
import { nodeProcesses } from '../adapters/node/processes';
import { dataFolders, defaultLocations, type DataFolders } from '../data-folder';
import type { Files } from '../ports/files';
import type { EnvironmentService } from '../install/environment';
import { openLocations } from './locations';
import { openMoveJournal } from './move-folder';
import { createStorage, UNKNOWN_STORAGE, type StorageService } from './storage';

const READY: Environment = {
  status: 'ready',
  slot: 'current',
  variant: 'cpu',
  versions: {},
  sizeBytes: 1,
  isOutdated: false,
  previousSlot: 'before',
};

let root = '';
let folders: DataFolders;
let published: Storage = UNKNOWN_STORAGE;
let environment: Environment;
let isBusy = false;
let stops = 0;
let usedFrames: ReadonlySet<string> = new Set();

const write = async (file: string, bytes: number): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, 'x'.repeat(bytes));
};

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'splitreel storage ü '));
  folders = dataFolders(path.join(root, 'data'));
  [published, environment, isBusy, stops] = [UNKNOWN_STORAGE, READY, false, 0];
  usedFrames = new Set();
  await write(path.join(folders.environment, 'slots', 'current', 'a'), 1_000);
  await write(path.join(folders.environment, 'slots', 'before', 'a'), 500);
  await write(path.join(folders.environment, 'tool', 'uv'), 30);
  await write(path.join(root, 'cache', 'uv', 'wheel'), 200);
  // As uv does it: unpacked once in the cache, and hard-linked into the slot.
  await link(path.join(root, 'cache', 'uv', 'wheel'), path.join(folders.environment, 'slots', 'current', 'shared'));
  await write(path.join(folders.models, 'demo', 'model_index.json'), 70);
  await write(path.join(folders.previews, '1.jpg'), 7);
  await write(path.join(folders.kernels, 'triton', 'AB', 'norm.cubin'), 9);
  for (const theirs of ['settings.json', 'jobs.json']) await write(path.join(folders.root, theirs), 1);
  await write(path.join(root, 'Videos', 'mine.mp4'), 1);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function open(files: Files = nodeFiles): Promise<StorageService> {
  const ports = { files, clock: nodeClock, processes: nodeProcesses, random: nodeRandom };
  const journal = await openMoveJournal(ports, folders.movesFile);
  const locations = await openLocations(
    { ...ports, journal },
    { file: folders.locationsFile, defaults: defaultLocations(folders, path.join(root, 'cache')) },
  );
  const service: Partial<EnvironmentService> = {
    get: () => environment,
    check: () => Promise.resolve(environment),
  };
  const firstFrames = createFirstFrames({
    ...ports,
    log: SILENT_LOG,
    python: () => Promise.reject(new Error('no frame is made here')),
    env: {},
    cwd: root,
    folder: folders.firstFrames,
  });
  return createStorage(
    {
      firstFrames: {
        unusedBytes: () => firstFrames.unusedBytes(usedFrames),
        removeUnused: () => firstFrames.removeUnused(usedFrames),
      },
      files,
      locations,
      environment: service as EnvironmentService,
      isBusy: () => isBusy,
      modelsFolder: () => folders.models,
      stopEngine: () => {
        stops += 1;
        return Promise.resolve();
      },
    },
    { folders, onChange: (storage) => (published = storage) },
  );
}

const listed = (): Record<string, readonly [number, number, boolean]> =>
  Object.fromEntries((published.items ?? []).map((item) => [item.id, [item.bytes, item.ownBytes, item.canRemove]]));

test('each item has its folder, its size, and what removing it alone would free', async () => {
  await (await open()).measure();
  expect(listed()).toEqual({
    'slot:before': [500, 500, true],
    'slot:current': [1_200, 1_000, false],
    tool: [30, 30, true],
    downloads: [200, 0, true],
    models: [70, 70, false],
    previews: [7, 7, true],
    kernels: [9, 9, true],
  });
  expect(published.locations.map(({ name, isDefault }) => [name, isDefault])).toEqual([
    ['environment', true],
    ['downloads', true],
  ]);
  expect(published.items?.find(({ id }) => id === 'models')?.folder).toBe(folders.models);
});

test('only that folder is removed, and nothing that a user made can be', async () => {
  const storage = await open();
  await storage.measure();
  for (const id of ['slot:before', 'tool', 'downloads', 'previews', 'kernels']) await storage.remove(id);
  expect(listed()).toEqual({ 'slot:current': [1_200, 1_200, false], models: [70, 70, false] });
  for (const id of ['slot:current', 'models'])
    await expect(storage.remove(id)).rejects.toMatchObject({ error: { code: 'STORAGE_IN_USE' } });
  for (const id of ['slot:../..', 'slot:', 'Videos', '']) await storage.remove(id);
  expect(existsSync(path.join(root, 'Videos', 'mine.mp4'))).toBe(true);
  expect((await readdir(folders.root)).sort()).toEqual(['environment', 'jobs.json', 'models', 'settings.json']);
});

const HOURS_AGO = new Date(Date.now() - 2 * 3_600_000);

async function writeFrame(name: string, bytes: number, modified = HOURS_AGO): Promise<string> {
  const file = path.join(folders.firstFrames, name);
  await write(file, bytes);
  await utimes(file, modified, modified);
  return file;
}

test('first frames in use stay, and so do new ones', async () => {
  const used = await writeFrame('a/ball-frame-3.png', 100);
  const unused = await writeFrame('a/ball-last-frame.png', 20);
  const alone = await writeFrame('b/star-frame-1.png', 3);
  const recent = await writeFrame('c/star-frame-9.png', 50, new Date());
  usedFrames = new Set([used]);
  const storage = await open();
  await storage.measure();
  expect(listed()['firstFrames']).toEqual([173, 23, true]);
  await storage.remove('firstFrames');
  expect([used, unused, alone, recent].map((file) => existsSync(file))).toEqual([true, false, false, true]);
  expect((await readdir(folders.firstFrames)).sort()).toEqual(['a', 'c']);
  expect(listed()['firstFrames']).toEqual([150, 0, false]);
});

test.each([
  ['a video is made', 'GENERATION_RUNNING', () => (isBusy = true)],
  [
    'an environment is installed',
    'INSTALL_RUNNING',
    () => {
      const progress = {
        step: 'packages',
        completed: 1,
        total: 2,
        downloadedBytes: null,
        totalBytes: null,
        bytesPerSecond: null,
        current: null,
        check: null,
      } as const;
      environment = { status: 'installing', progress, hasWorkingSlot: true };
    },
  ],
])('nothing goes while %s', async (_, code, begin) => {
  const storage = await open();
  begin();
  const refusal = { error: { code } };
  await expect(storage.remove('slot:before')).rejects.toMatchObject(refusal);
  await expect(storage.move('environment', root)).rejects.toMatchObject(refusal);
  expect(existsSync(path.join(folders.environment, 'slots', 'before', 'a'))).toBe(true);
  expect(stops).toBe(0);
});

test('a move stops the engine first, and shows the new location', async () => {
  const storage = await open();
  const other = path.join(root, 'other');
  await storage.move('environment', other);
  expect(stops).toBe(1);
  const moved = path.join(other, 'splitreel', 'environment');
  expect(published.locations[0]).toMatchObject({ folder: moved, isDefault: false });
  expect(published.moving).toBeNull();
  expect(listed()['slot:current']).toEqual([1_200, 1_000, false]);
  expect(existsSync(folders.environment)).toBe(false);
  await storage.move('environment', null);
  expect(existsSync(path.join(folders.environment, 'slots', 'current', 'a'))).toBe(true);
});

test('a move to another disk can be canceled, and everything stays where it was', async () => {
  const other = path.join(root, 'other');
  let cancel = (): void => undefined;
  const storage = await open({
    ...nodeFiles,
    rename: (from, to) => {
      if (from.startsWith(other) === to.startsWith(other)) return nodeFiles.rename(from, to);
      return Promise.reject(Object.assign(new Error('another disk'), { code: 'EXDEV' }));
    },
    copyFolder: async (from, to, options = {}) => {
      await nodeFiles.copyFolder(from, to, { onProgress: options.onProgress ?? (() => undefined) });
      cancel();
      options.signal?.throwIfAborted();
    },
  });
  cancel = () => {
    expect(published.moving).toMatchObject({ name: 'environment', totalBytes: 1_730 });
    storage.cancelMove();
  };
  await expect(storage.move('environment', other)).rejects.toMatchObject({ error: { code: 'CANCELED' } });
  expect(published.moving).toBeNull();
  expect(published.locations[0]).toMatchObject({ folder: folders.environment, isDefault: true });
  expect(await readdir(path.join(other, 'splitreel'))).toEqual([]);
});
