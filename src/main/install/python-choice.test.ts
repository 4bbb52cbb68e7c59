import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { finishedWorker } from '../../../test/fakes/worker-process';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { SILENT_LOG } from '../ports/log';
import type { RunOutcome } from '../ports/processes';
import { findPython, installSlot } from './make-slot';
import type { InstallPlan } from './install-plan';
import { openSlots } from './slots';

const VERSIONS = ['3.11', '3.12', '3.13', '3.14'];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-python-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const exited = (code: number, stdout: string, stderr = ''): RunOutcome => ({ kind: 'exited', code, stdout, stderr });

/** A computer with these Pythons, by name; records every command line. */
function computer(pythons: Readonly<Record<string, string>>, { canDownload = true } = {}) {
  const calls: string[] = [];
  const run = (file: string, { args }: { readonly args: readonly string[] }): Promise<RunOutcome> => {
    calls.push([path.basename(file), ...args].join(' '));
    if (args.includes('-c')) {
      const version = pythons[path.basename(file)];
      return Promise.resolve(
        version === undefined ? exited(127, '') : exited(0, `${version}\n/usr/bin/python${version}\n`),
      );
    }
    if (args.includes('--managed-python') && !canDownload)
      return Promise.resolve(exited(2, '', 'error: Failed to fetch: dns error'));
    return Promise.resolve(exited(0, ''));
  };
  const processes = {
    run,
    startWorker: () => finishedWorker([{ type: 'smokePassed', versions: { python: '3.13.5' } }]),
    find: () => Promise.resolve(null),
    tree: () => Promise.resolve([]),
    killPid: () => Promise.resolve(),
  };
  return { processes, calls };
}

const planFor = (uvProgram: string | null): InstallPlan => ({
  root: folder,
  slot: 'one',
  slots: openSlots({ files: nodeFiles, clock: nodeClock }, folder),
  settings: {
    minimumDriver: '580',
    pythonVersion: '3.11',
    systemPythonVersions: VERSIONS,
    uv: { version: '0', wheelSha256: {} },
    gpuOnlyPackages: [],
    flashAttentionCapability: '9.0',
    overheadBytes: 0,
  },
  variant: 'cpu',
  lock: '',
  flashAttentionLock: null,
  lockHash: '',
  wheels: [],
  downloadBytes: 0,
  uvCache: '',
  bundle: null,
  pythonFolder: path.join(folder, 'python'),
  uvProgram,
  devices: [],
  env: {},
  workerEnv: {},
  hideSecrets: (text) => text,
  machineKind: 'linux-x64',
  signal: new AbortController().signal,
  onProgress: () => undefined,
});

test.each([
  ['the preferred version', { 'python3.11': '3.11', python3: '3.13' }, '/usr/bin/python3.11'],
  ['what Debian 13 has', { 'python3.13': '3.13', python3: '3.13' }, '/usr/bin/python3.13'],
  ['one that is only called python3', { python3: '3.12' }, '/usr/bin/python3.12'],
  ['not one that is too old', { 'python3.10': '3.10', python3: '3.10' }, null],
  ['not one that the lock does not cover', { 'python3.15': '3.15', python3: '3.15' }, null],
])('takes %s', async (_name, pythons, expected) => {
  expect(await findPython(computer(pythons), VERSIONS, {})).toBe(expected);
});

test("the installed app uses uv's Python, or the system's if it cannot be downloaded", async () => {
  const online = computer({ 'python3.13': '3.13' });
  await installSlot({ ...online, clock: nodeClock, files: nodeFiles, log: SILENT_LOG }, planFor('/app/uv'));
  expect(online.calls.filter((call) => call.startsWith('uv venv'))).toEqual([
    expect.stringContaining('--managed-python --python 3.11'),
  ]);
  const offline = computer({ 'python3.13': '3.13' }, { canDownload: false });
  await installSlot({ ...offline, clock: nodeClock, files: nodeFiles, log: SILENT_LOG }, planFor('/app/uv'));
  expect(offline.calls.filter((call) => call.startsWith('uv venv'))).toEqual([
    expect.stringContaining('--managed-python'),
    expect.stringContaining('--python /usr/bin/python3.13'),
  ]);
});

test('without a Python or a download, the error says that there is none', async () => {
  const bare = computer({}, { canDownload: false });
  await expect(
    installSlot({ ...bare, clock: nodeClock, files: nodeFiles, log: SILENT_LOG }, planFor('/app/uv')),
  ).rejects.toMatchObject({
    error: { code: 'PYTHON_UNAVAILABLE', params: { versions: '3.11 to 3.14' } },
  });
});
