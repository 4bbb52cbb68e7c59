/**
 * Models for tests: the real downloader in its real process, against a stand-in hub. Each test has a folder of its own;
 * `setUpModels` makes and removes it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { pythonForTests } from '../../scripts/python-for-tests';
import { nodeClock } from '../../src/main/adapters/node/clock';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { nodeRandom } from '../../src/main/adapters/node/random';
import { dataFolders } from '../../src/main/data-folder';
import { openHubService, type HubService } from '../../src/main/models/hub-service';
import { SILENT_LOG } from '../../src/main/ports/log';
import type { Secrets } from '../../src/main/ports/secrets';
import { openMoveJournal } from '../../src/main/storage/move-folder';
import { openSettings, type SettingsService } from '../../src/main/settings/settings';
import type { Download, HubState } from '../../src/shared/download';
import type { ModelEntry } from '../../src/shared/models';
import { until } from '../fakes/app';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const DEMO = path.join(ROOT, 'resources', 'demo');
export const REPO = 'splitreel/little';
export const ID = 'little';
export const WEIGHTS = 'transformer/diffusion_pytorch_model.safetensors';
export const TOKEN = 'hf_canary0123456789abcdefghij';

let python = '';
let sitePackages = '';
let root = '';
let fakes: ChildProcess[] = [];
let services: HubService[] = [];

/** The folder of the running test. */
export const testFolder = (): string => root;

/** Registers the hooks that every test of models needs. */
export function setUpModels(): void {
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
}

export interface FakeHub {
  readonly endpoint: string;
  readonly log: () => Promise<readonly Record<string, unknown>[]>;
  readonly servedBytes: () => Promise<number>;
}

export async function startHub(...more: readonly string[]): Promise<FakeHub> {
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

export interface Opened {
  readonly service: HubService;
  readonly settings: SettingsService;
  readonly data: string;
  readonly entry: () => ModelEntry;
  readonly download: () => Download | undefined;
  readonly state: () => HubState;
  readonly hubPid: () => Promise<number>;
}

export const noKeychain: Secrets = {
  isAvailable: () => Promise.resolve(false),
  encrypt: () => Promise.reject(new Error('there is none')),
  decrypt: () => Promise.reject(new Error('there is none')),
};

const scrambled = (text: string): Uint8Array => Buffer.from(text).map((byte) => byte ^ 0x5a);
export const keychain: Secrets = {
  isAvailable: () => Promise.resolve(true),
  encrypt: (text) => Promise.resolve(scrambled(text)),
  decrypt: (bytes) => Promise.resolve(Buffer.from(bytes.map((byte) => byte ^ 0x5a)).toString()),
};

export async function open(
  hub: FakeHub | null,
  secrets = noKeychain,
  env: Record<string, string> = {},
): Promise<Opened> {
  const data = path.join(root, 'data');
  const folders = dataFolders(data);
  await mkdir(data, { recursive: true });
  const offer = {
    id: ID,
    name: 'Little',
    description: 'The demo model under another name.',
    repositories: [REPO],
    license: { name: 'Apache 2.0', isOpen: true },
    task: 'text-to-video',
  };
  await writeFile(folders.catalogFile, JSON.stringify({ version: 1, models: [offer] }));
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
      catalogFile: folders.catalogFile,
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
      if (found === undefined) throw new Error('the catalog was not read');
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

export const isReady =
  ({ entry }: Opened) =>
  (): boolean =>
    entry().state.status === 'ready';

/** The model, fetched and ready. */
export async function fetched(hub: FakeHub): Promise<Opened> {
  const app = await open(hub);
  await app.service.downloads.start(ID);
  await until(isReady(app));
  return app;
}
