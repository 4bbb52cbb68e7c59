import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { calls, snapshotSchema } from '../../shared/ipc';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { nodeProcesses } from '../adapters/node/processes';
import { nodeRandom } from '../adapters/node/random';
import type { Desktop } from '../ports/desktop';
import { openApp, type App, type AppPorts } from './app';

const ROOT = path.resolve(import.meta.dirname, '../../..');
let folder = '';
let app: App;
let chosenFolder: string | null = null;

const desktop: Desktop = {
  chooseFolder: () => Promise.resolve(chosenFolder),
  chooseFile: () => Promise.resolve(null),
  chooseSavePath: () => Promise.resolve(null),
  moveToBin: () => Promise.resolve(),
  showInFolder: () => undefined,
  openFolder: () => Promise.resolve(),
  openLink: () => Promise.resolve(),
  openModelPage: () => Promise.resolve(),
  copyText: () => undefined,
  startDrag: () => undefined,
  notify: () => undefined,
  isWindowInFront: () => true,
  showProgress: () => undefined,
  confirm: () => Promise.resolve(true),
  confirmQuit: () => Promise.resolve(true),
};

const ports: AppPorts = {
  files: nodeFiles,
  clock: nodeClock,
  random: nodeRandom,
  processes: nodeProcesses,
  desktop,
  secrets: {
    isAvailable: () => Promise.resolve(false),
    encrypt: () => Promise.reject(new Error('no keychain')),
    decrypt: () => Promise.reject(new Error('no keychain')),
  },
  readSystem: () => Promise.resolve({ cpuName: 'A CPU', cpuCores: 8, memoryTotalBytes: 32e9, platform: 'linux' }),
  hasNvidiaCard: () => Promise.resolve(false),
  makeThumbnail: () => Promise.resolve(null),
};

const open = (): Promise<App> =>
  openApp(ports, {
    dataRoot: path.join(folder, 'data'),
    cacheFolder: path.join(folder, 'cache'),
    pythonFolder: path.join(ROOT, 'python'),
    uvProgram: null,
    resourcesFolder: path.join(ROOT, 'resources'),
    defaultVideosFolder: path.join(folder, 'videos'),
    home: folder,
    env: { PATH: path.join(folder, 'empty'), HOME: folder },
    pid: process.pid,
    platform: 'linux',
    arch: 'x64',
    about: {
      version: '0',
      electron: '0',
      chromium: '0',
      runtime: { kind: 'official', note: '' },
      platform: 'linux-x64',
    },
  });

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-app-'));
  app = await open();
});
afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

test('the areas together answer exactly the calls of the contract', () => {
  expect(Object.keys(app.calls).sort()).toEqual(Object.keys(calls).sort());
});

test('the first snapshot is one that the window accepts, before and after the disk was read', async () => {
  snapshotSchema.parse(app.store.snapshot());
  await app.begin();
  const { slices } = snapshotSchema.parse(app.store.snapshot());
  expect(slices.machine.cpuName).toBe('A CPU');
  expect(slices.environment.status).toBe('missing');
  expect(slices.models.map(({ id }) => id)).toContain('demo');
});

test('a change of the settings reaches every slice that shows it', async () => {
  const elsewhere = path.join(folder, 'elsewhere');
  chosenFolder = elsewhere;
  await app.calls.chooseVideosFolder(undefined);
  expect(app.store.get('settings').videosFolder).toBe(elsewhere);
  expect(app.store.get('about').videosFolder).toBe(elsewhere);
});

test('the settings are there again after a restart', async () => {
  await app.calls.updateSettings({ theme: 'dark' });
  await app.close();
  app = await open();
  expect(app.store.get('settings').theme).toBe('dark');
});

test('a corrupt file is set aside and reported to the window', async () => {
  await app.close();
  await nodeFiles.writeAtomically(path.join(folder, 'data', 'jobs.json'), '{"version": 1, "jobs": 7}');
  app = await open();
  expect(app.store.get('notices').map(({ error }) => error.code)).toEqual(['STORE_CORRUPT']);
  expect(app.store.get('jobs')).toEqual([]);
});
