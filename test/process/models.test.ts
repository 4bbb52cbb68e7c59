/** Models from a stand-in hub by the real downloader in its real process: fetched, killed, resumed, mended, moved. */
import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { pythonForTests } from '../../scripts/python-for-tests';
import { nodeClock } from '../../src/main/adapters/node/clock';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { nodeRandom } from '../../src/main/adapters/node/random';
import { dataFolders } from '../../src/main/data-folder';
import { openHubService, type HubService } from '../../src/main/models/hub-service';
import { SILENT_LOG } from '../../src/main/ports/log';
import type { Secrets } from '../../src/main/ports/secrets';
import { openMoveJournal, type Move } from '../../src/main/storage/move-folder';
import { openSettings, type SettingsService } from '../../src/main/settings/settings';
import type { Download, HubState } from '../../src/shared/download';
import type { ModelEntry } from '../../src/shared/models';
import { until } from '../fakes/app';

const ROOT = path.resolve(import.meta.dirname, '../..');
const DEMO = path.join(ROOT, 'resources', 'demo');
const REPO = 'splitreel/little';
const ID = 'little';
const WEIGHTS = 'transformer/diffusion_pytorch_model.safetensors';
const TOKEN = 'hf_canary0123456789abcdefghij';

let python = '';
let sitePackages = '';
let root = '';
let fakes: ChildProcess[] = [];
let services: HubService[] = [];

beforeAll(async () => {
  const folder = await pythonForTests(ROOT);
  // The engine's package on its path, as a slot of the environment has it: the tests' own copy of the interpreter.
  python = path.join(folder, 'bin', 'python');
  sitePackages = await mkdtemp(path.join(tmpdir(), 'splitreel-site-'));
  await writeFile(
    path.join(sitePackages, 'run.sh'),
    `#!/bin/sh\nshift\nexec env PYTHONPATH="${ROOT}/python" "${python}" "$@"\n`,
    { mode: 0o755 },
  );
}, 120_000);
afterAll(() => rm(sitePackages, { recursive: true, force: true }));
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'splitreel models ü '));
});
afterEach(async () => {
  for (const each of services) await each.close();
  for (const each of fakes) each.stdin?.end();
  services = [];
  fakes = [];
  await rm(root, { recursive: true, force: true });
});

interface FakeHub {
  readonly endpoint: string;
  readonly log: () => Promise<readonly Record<string, unknown>[]>;
  readonly servedBytes: () => Promise<number>;
}

async function startHub(...more: readonly string[]): Promise<FakeHub> {
  const file = path.join(root, `hub-${String(fakes.length)}.log`);
  await writeFile(file, '');
  const script = path.join(ROOT, 'python', 'tests', 'fakes', 'hub.py');
  const args = [script, '--model', `${REPO}=${DEMO}`, '--log', file, ...more];
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  fakes.push(child);
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  const { endpoint } = JSON.parse(line) as { endpoint: string };
  const log = async () =>
    (await readFile(file, 'utf8'))
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Record<string, unknown>);
  const servedBytes = async () =>
    (await log()).reduce((sum, { sent }) => sum + (typeof sent === 'number' ? sent : 0), 0);
  return { endpoint, log, servedBytes };
}

interface Opened {
  readonly service: HubService;
  readonly settings: SettingsService;
  readonly data: string;
  readonly entry: () => ModelEntry;
  readonly download: () => Download | undefined;
  readonly state: () => HubState;
  readonly hubPid: () => Promise<number>;
}

const noKeychain: Secrets = {
  isAvailable: () => Promise.resolve(false),
  encrypt: () => Promise.reject(new Error('there is none')),
  decrypt: () => Promise.reject(new Error('there is none')),
};

const scrambled = (text: string): Uint8Array => Buffer.from(text).map((byte) => byte ^ 0x5a);
const keychain: Secrets = {
  isAvailable: () => Promise.resolve(true),
  encrypt: (text) => Promise.resolve(scrambled(text)),
  decrypt: (bytes) => Promise.resolve(Buffer.from(bytes.map((byte) => byte ^ 0x5a)).toString()),
};

async function open(hub: FakeHub | null, secrets = noKeychain, env: Record<string, string> = {}): Promise<Opened> {
  const data = path.join(root, 'data');
  const folders = dataFolders(data);
  await mkdir(data, { recursive: true });
  const offer = {
    id: ID,
    name: 'Little',
    description: 'The demo model under another name.',
    repositories: [REPO],
    licence: { name: 'Apache 2.0', isOpen: true },
    task: 'text-to-video',
  };
  await writeFile(folders.catalogueFile, JSON.stringify({ version: 1, models: [offer] }));
  let models: readonly ModelEntry[] = [];
  let downloads: readonly Download[] = [];
  const started: number[] = [];
  const processes = {
    ...nodeProcesses,
    startWorker: (...args: Parameters<typeof nodeProcesses.startWorker>) => {
      const worker = nodeProcesses.startWorker(...args);
      if (worker.pid !== null) started.push(worker.pid);
      return worker;
    },
  };
  const settings = await openSettings(
    { files: nodeFiles, clock: nodeClock },
    { file: folders.settingsFile, onChange: () => undefined },
  );
  await settings.updateGuarded({ hubMirror: hub?.endpoint ?? null });
  const ports = { files: nodeFiles, clock: nodeClock, random: nodeRandom, processes };
  const journal = await openMoveJournal(ports, folders.movesFile);
  const service = await openHubService(
    {
      ...ports,
      movePorts: { ...ports, journal },
      log: SILENT_LOG,
      secrets,
      settings,
      python: () =>
        Promise.resolve({ python: path.join(sitePackages, 'run.sh'), entry: ['-I', '-m', 'splitreel'], env: {} }),
      systemPython: () => Promise.resolve(null),
      isBusy: () => false,
      unloadEngine: () => undefined,
    },
    {
      dataRoot: data,
      env: { PATH: process.env['PATH'], HOME: root, ...env },
      home: root,
      pythonFolder: path.join(ROOT, 'python'),
      resourcesFolder: path.join(ROOT, 'resources'),
      defaultModelsFolder: folders.models,
      recordsFolder: folders.verified,
      downloadsFile: folders.downloadsFile,
      catalogueFile: folders.catalogueFile,
      tokenFile: folders.tokenFile,
      onModels: (value) => {
        models = value;
      },
      onDownloads: (value) => {
        downloads = value;
      },
      onState: () => undefined,
    },
  );
  services.push(service);
  await service.models.checkAll();
  return {
    service,
    settings,
    data,
    entry: () => {
      const found = models.find(({ id }) => id === ID);
      if (found === undefined) throw new Error('the catalogue was not read');
      return found;
    },
    download: () => downloads.find(({ modelId }) => modelId === ID),
    state: service.state,
    hubPid: async () => {
      await until(() => started.length > 0);
      return started.at(-1) ?? 0;
    },
  };
}

const isReady =
  ({ entry }: Opened) =>
  (): boolean =>
    entry().state.status === 'ready';
const modelBytes = async (): Promise<number> => {
  const names = [
    'model_index.json',
    'scheduler/scheduler_config.json',
    'tokenizer/tokenizer.json',
    'tokenizer/tokenizer_config.json',
  ];
  const parts = ['transformer', 'vae', 'text_encoder'].flatMap((part) => [
    `${part}/config.json`,
    part === 'text_encoder' ? `${part}/model.safetensors` : `${part}/diffusion_pytorch_model.safetensors`,
  ]);
  const sizes = await Promise.all([...names, ...parts].map(async (name) => (await stat(path.join(DEMO, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
};
const everyFile = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((each) => each.isFile())
    .map((each) => path.join(each.parentPath, each.name));

test('a model of the catalogue is fetched, verified and ready; what it takes is told first', async () => {
  const hub = await startHub();
  const app = await open(hub);
  expect(app.entry().state.status).toBe('absent');
  const offer = await app.service.downloads.look(ID);
  expect(offer.totalBytes).toBe(await modelBytes());
  expect(await hub.servedBytes()).toBe(0);
  await app.service.downloads.start(ID);
  await until(isReady(app), 60_000);
  expect(app.entry().files).toMatchObject({ place: 'models', verified: { fileCount: 10, known: 10 } });
  expect(await hub.servedBytes()).toBe(offer.totalBytes);
  expect(app.download()).toBeUndefined();
});

test('the downloader killed in the middle and the app started again: it goes on by itself and fetches nothing twice', async () => {
  const hub = await startHub('--bytes-per-second', '1500000');
  const first = await open(hub);
  await first.service.downloads.start(ID);
  await until(() => (first.download()?.progress?.doneBytes ?? 0) > 4_000_000, 60_000);
  process.kill(await first.hubPid(), 'SIGKILL');
  await until(() => first.download()?.state.status === 'failed');
  expect(first.download()?.state).toMatchObject({ error: { code: 'DOWNLOAD_INTERRUPTED' } });
  await first.service.close();

  const second = await open(hub);
  second.service.resume();
  await until(isReady(second), 100_000);
  const twice = (await hub.servedBytes()) - (await modelBytes());
  expect(twice).toBeLessThanOrEqual(6 * 3 * 16_384);
});

test('paused it stays paused over a restart; discarded nothing of it is left', async () => {
  const hub = await startHub('--bytes-per-second', '1500000');
  const first = await open(hub);
  await first.service.downloads.start(ID);
  await until(() => (first.download()?.progress?.doneBytes ?? 0) > 1_000_000, 60_000);
  await first.service.downloads.pause(ID);
  expect(first.download()?.state.status).toBe('paused');
  await first.service.close();
  const second = await open(hub);
  second.service.resume();
  expect(second.service.downloads.get()[0]?.state.status).toBe('paused');
  await second.service.downloads.discard(ID);
  expect(await readdir(path.join(second.data, 'models')).catch(() => [])).toEqual([]);
});

async function fetched(hub: FakeHub): Promise<Opened> {
  const app = await open(hub);
  await app.service.downloads.start(ID);
  await until(isReady(app), 60_000);
  return app;
}

async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  const before = await stat(file);
  bytes.writeUInt8((bytes.at(-9) ?? 0) ^ 1, bytes.length - 9);
  await writeFile(file, bytes);
  await utimes(file, before.atime, before.mtime);
}

test('a byte that has changed is found by "Verify again", told with its file, kept over a restart, mended alone', async () => {
  const hub = await startHub();
  const app = await fetched(hub);
  const folder = app.entry().path ?? '';
  await flipByte(path.join(folder, WEIGHTS));
  await app.service.models.recheck(ID);
  expect(app.entry().state.status).toBe('ready');
  await app.service.models.verify(ID);
  const broken = { status: 'broken', error: { code: 'MODEL_CORRUPT', params: { file: WEIGHTS } } };
  expect(app.entry()).toMatchObject({ state: broken, files: { repairFrom: REPO } });
  await app.service.close();
  const later = await open(hub);
  expect(later.entry()).toMatchObject({ state: broken, files: { repairFrom: REPO } });
  const before = await hub.servedBytes();
  await later.service.downloads.start(ID);
  await until(isReady(later), 60_000);
  expect((await hub.servedBytes()) - before).toBe((await stat(path.join(DEMO, WEIGHTS))).size);
  expect((await readFile(path.join(folder, WEIGHTS))).equals(await readFile(path.join(DEMO, WEIGHTS)))).toBe(true);
});

test('a model in the Hugging Face cache is taken where it lies', async () => {
  const cache = path.join(root, 'hf', 'hub', 'models--splitreel--little');
  const snapshot = path.join(cache, 'snapshots', 'a'.repeat(40));
  await mkdir(path.dirname(snapshot), { recursive: true });
  await mkdir(path.join(cache, 'refs'));
  await writeFile(path.join(cache, 'refs', 'main'), 'a'.repeat(40));
  await symlink(DEMO, snapshot);
  const app = await open(null, noKeychain, { HF_HOME: path.join(root, 'hf') });
  expect(app.entry()).toMatchObject({
    state: { status: 'ready' },
    path: snapshot,
    files: { place: 'cache', verified: null },
  });
  app.service.resume();
  await until(() => app.entry().files?.verified !== null, 60_000);
  expect(await readdir(path.join(app.data, 'models')).catch(() => [])).toEqual([]);
});

test('the models folder moves with its models, also to another disk, and what was verified stays so', async () => {
  const app = await fetched(await startHub());
  const other = path.join(root, 'another place');
  await app.service.move(other);
  expect(app.state().modelsFolder).toBe(other);
  expect(app.entry()).toMatchObject({
    state: { status: 'ready' },
    path: path.join(other, ID),
    files: { verified: { known: 10 } },
  });
  expect(await readdir(path.join(app.data, 'models'))).toEqual([]);
  // Memory is another disk than the one below /tmp on most machines; where it is not, the move is a rename again.
  const memory = await mkdtemp('/dev/shm/splitreel-models-');
  try {
    await app.service.move(memory);
    expect(app.entry()).toMatchObject({
      state: { status: 'ready' },
      path: path.join(memory, ID),
      files: { verified: { known: 10 } },
    });
    expect(await readdir(other)).toEqual([]);
    expect(await readdir(memory)).toEqual([ID]);
  } finally {
    await rm(memory, { recursive: true, force: true });
  }
});

test('a move that was cut off goes on at the next start; a model is in one place or the other at any time', async () => {
  const app = await fetched(await startHub());
  const from = path.join(app.data, 'models');
  const to = path.join(root, 'new');
  await mkdir(to);
  await app.settings.setModelsFolder(to, from);
  await app.service.close();
  // As a crash leaves it: one model copied half, nothing renamed.
  const part = path.join(to, '.half.part');
  await cp(path.join(from, ID, 'vae'), path.join(part, 'vae'), { recursive: true });
  const folders = { from: path.join(from, ID), to: path.join(to, ID), part, doomed: path.join(from, '.gone.removing') };
  const move: Move = { purpose: 'models', step: 'copying', ...folders };
  await writeFile(dataFolders(app.data).movesFile, JSON.stringify({ move }));
  const later = await open(null);
  expect(later.entry()).toMatchObject({ state: { status: 'ready' }, path: path.join(from, ID) });
  later.service.resume();
  await until(() => later.entry().path === path.join(to, ID), 30_000);
  expect(later.entry().state.status).toBe('ready');
  expect(later.settings.get().modelsFolderBefore).toBeNull();
  expect(await readdir(to)).toEqual([ID]);
});

test('the token goes to the hub and nowhere else, and is on disk only as the keychain has it', async () => {
  const hub = await startHub('--token', TOKEN);
  const app = await open(hub, keychain);
  await app.service.downloads.start(ID);
  await until(() => app.download()?.state.status === 'failed', 60_000);
  expect(app.download()?.state).toMatchObject({ error: { code: 'MODEL_GATED' } });
  await app.service.signIn(TOKEN);
  // A mirror gets it only when told to.
  await app.service.downloads.start(ID);
  await until(() => app.download()?.state.status === 'failed', 60_000);
  expect(JSON.stringify(await hub.log())).not.toContain(TOKEN);
  await app.settings.updateGuarded({ sendTokenToMirror: true });
  app.service.configure();
  await app.service.downloads.start(ID);
  await until(isReady(app), 60_000);
  const heard = (await hub.log()).filter((each) => JSON.stringify(each).includes(TOKEN));
  expect(new Set(heard.map(({ server }) => server))).toEqual(new Set(['hub']));
  const pid = await app.hubPid();
  for (const name of ['environ', 'cmdline'])
    expect(await readFile(`/proc/${String(pid)}/${name}`, 'latin1')).not.toContain(TOKEN);
  for (const file of await everyFile(app.data)) expect(await readFile(file, 'latin1'), file).not.toContain(TOKEN);
  expect(app.state()).toMatchObject({ isSignedIn: true, isTokenKept: true });
  const later = await open(hub, keychain);
  expect(later.state().isSignedIn).toBe(true);
  const without = await open(hub, noKeychain);
  expect(without.state().isSignedIn).toBe(false);
  await later.service.signOut();
  expect(await stat(path.join(app.data, 'hub-token.bin')).catch(() => null)).toBeNull();
});

test('removed, it is absent again and can be fetched again', async () => {
  const app = await fetched(await startHub());
  const folder = path.join(app.data, 'models');
  // The names that a removal would use first: their contents are a person's.
  const theirs = [`${ID}.1.removing`, `${ID}.removing`];
  for (const name of theirs) await mkdir(path.join(folder, name));
  await app.service.models.remove(ID);
  expect(app.entry()).toMatchObject({ state: { status: 'absent' }, files: null });
  expect((await readdir(folder)).sort()).toEqual(theirs);
});

test('a record that came with a folder names no repository to repair it from', async () => {
  const app = await open(null);
  const folder = path.join(app.data, 'models', ID);
  await cp(DEMO, folder, { recursive: true });
  const files = { 'model_index.json': { size: 1, kind: 'sha256', digest: '0'.repeat(64), mtimeMs: -1, isKnown: true } };
  const record = { version: 1, repo: 'evil/repo', commit: 'a'.repeat(40), files };
  await writeFile(path.join(folder, '.splitreel.json'), JSON.stringify(record));
  await writeFile(path.join(folder, WEIGHTS), 'damaged');
  await app.service.models.recheck(ID);
  expect(app.entry()).toMatchObject({ state: { status: 'broken' }, files: { repairFrom: null, verified: null } });
  expect(await app.service.models.downloadTarget(ID)).toBeNull();
});
