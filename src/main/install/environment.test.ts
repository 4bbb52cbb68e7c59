import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { finishedWorker } from '../../../test/fakes/worker-process';
import { nodeFiles } from '../adapters/node/files';
import { nodeClock } from '../adapters/node/clock';
import { nodeRandom } from '../adapters/node/random';
import type { Files } from '../ports/files';
import { SILENT_LOG } from '../ports/log';
import type { RunOutcome } from '../ports/processes';
import { nodeProcesses } from '../adapters/node/processes';
import { createEnvironment, type EnvironmentService } from './environment';
import type { InstallPorts } from './install-plan';
import { openSlots } from './slots';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
  await mkdir(path.join(folder, 'python'));
  await mkdir(path.join(folder, 'resources'));
  await writeFile(path.join(folder, 'python', 'requirements.lock'), 'a==1\n');
  const wheels = [{ name: 'a', file: 'a-1.whl', sha256: 'a==1', bytes: 10, unpackedBytes: 20 }];
  await writeFile(path.join(folder, 'python', 'requirements.wheels.json'), JSON.stringify({ 'linux-x64': wheels }));
  const settings = {
    minimumDriver: '1',
    pythonVersion: '3.11',
    systemPythonVersions: ['3.11', '3.12', '3.13', '3.14'],
    uv: { version: '1', wheelSha256: {} },
    gpuOnlyPackages: ['b'],
    flashAttentionCapability: '9.0',
    overheadBytes: 5,
  };
  await writeFile(path.join(folder, 'resources', 'environment.json'), JSON.stringify(settings));
  await mkdir(path.join(tool(), 'uv-1.data', 'scripts'), { recursive: true });
  await writeFile(path.join(tool(), 'uv-1.data', 'scripts', 'uv'), '');
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const root = (): string => path.join(folder, 'environment');
const tool = (): string => path.join(root(), 'tool', 'uv-1');

const exited = (stdout: string, code = 0): RunOutcome => ({
  kind: 'exited',
  code,
  stdout,
  stderr: code === 0 ? '' : stdout,
});

/** Fakes Python and uv; a program with the argument `failing` fails. */
function play(failing: string | null): InstallPorts['processes'] {
  return {
    ...nodeProcesses,
    run: async (_file, { args, signal }) => {
      if (signal?.aborted === true) return { kind: 'canceled' };
      if (failing !== null && args.includes(failing)) return exited('error: it failed', 2);
      if (args[0] === 'venv') {
        const slot = args[args.length - 1] ?? '';
        await mkdir(path.join(slot, 'bin'), { recursive: true });
        await mkdir(path.join(slot, 'lib', 'python3.11', 'site-packages'), { recursive: true });
        await writeFile(path.join(slot, 'bin', 'python'), '');
      }
      if (args.some((argument) => argument.includes('version_info'))) return exited('3.11\n/usr/bin/python3.11');
      return exited('');
    },
    startWorker: (_file, { args }) =>
      failing !== null && args.includes(failing)
        ? finishedWorker([], { code: 2, output: 'error: it failed' })
        : finishedWorker([{ type: 'smokePassed', versions: { python: '3.11.2', torch: '2.15.0' } }]),
  };
}

const SMI_LINE = '0, GPU-1, NVIDIA H100, 00000000:06:00.0, 81559, 0, 0, 40, 80, 580.1\n';

const slotOf = (service: EnvironmentService): string => {
  const state = service.get();
  return state.status === 'ready' ? state.slot : '';
};

const open = (
  failing: string | null = null,
  files: Files = nodeFiles,
  pythonFolder = path.join(folder, 'python'),
  processes = play(failing),
): EnvironmentService =>
  createEnvironment(
    { files, clock: nodeClock, processes, log: SILENT_LOG, random: nodeRandom },
    {
      root,
      downloadsFolder: () => path.join(folder, 'cache'),
      pythonsFolder: path.join(folder, 'pythons'),
      choice: () => 'auto',
      pid: process.pid,
      pythonFolder,
      uvProgram: null,
      resourcesFolder: path.join(folder, 'resources'),
      platform: 'linux',
      arch: 'x64',
      env: {},
      onChange: () => undefined,
    },
  );
const slots = () => readdir(path.join(root(), 'slots'));

test('missing, installed, reinstalled, rolled back, removed', async () => {
  const service = open();
  expect(await service.check()).toEqual({ status: 'missing' });
  await service.install();
  const first = service.get();
  expect(first).toMatchObject({
    status: 'ready',
    isOutdated: false,
    previousSlot: null,
    versions: { torch: '2.15.0' },
  });
  await writeFile(path.join(folder, 'python', 'requirements.lock'), 'a==2\n');
  expect(await service.check()).toMatchObject({ status: 'ready', isOutdated: true });
  await service.install();
  const old = first.status === 'ready' ? first.slot : '';
  expect(service.get()).toMatchObject({ status: 'ready', isOutdated: false, previousSlot: old });
  expect(await slots()).toHaveLength(2);
  const current = service.get();
  const python = path.join(root(), 'slots', old, 'bin', 'python');
  await rename(python, `${python}.away`);
  await service.rollBack();
  expect(service.get()).toEqual(current);
  await rename(`${python}.away`, python);
  await service.rollBack();
  expect(service.get()).toMatchObject({ status: 'ready', slot: old, isOutdated: true });
  await service.remove();
  expect(service.get()).toEqual({ status: 'missing' });
  expect(await nodeFiles.stat(root())).toBeNull();
});

test('FlashAttention is installed if a GPU can run it, and left out if its installation fails', async () => {
  await writeFile(path.join(folder, 'python', 'requirements-flash-attention.lock'), 'f==1\n');
  const syncs: (readonly string[])[] = [];
  const onHopper = (failing: string | null): InstallPorts['processes'] => {
    const others = play(null);
    return {
      ...others,
      run: async (file, options) => {
        const { args } = options;
        if (file === 'nvidia-smi') return exited(args[0]?.includes('compute_cap') === true ? '9.0\n' : SMI_LINE);
        if (args[1] === 'sync' && !args.includes('--dry-run')) {
          const locks = args.filter((each) => each.endsWith('.lock')).map((each) => path.basename(each));
          syncs.push(locks);
          if (failing !== null && locks.includes(failing)) return exited('error: it failed', 2);
        }
        return others.run(file, options);
      },
    };
  };
  const both = ['requirements.lock', 'requirements-flash-attention.lock'];
  const service = open(null, nodeFiles, undefined, onHopper(null));
  expect((await service.estimate()).variant).toBe('cuda');
  await service.install();
  expect(syncs).toEqual([both]);
  expect(await service.check()).toMatchObject({ status: 'ready', isOutdated: false });
  await writeFile(path.join(folder, 'python', 'requirements-flash-attention.lock'), 'f==2\n');
  expect(await service.check()).toMatchObject({ isOutdated: true });

  await open(null, nodeFiles, undefined, onHopper('requirements-flash-attention.lock')).install();
  expect(syncs.slice(1)).toEqual([both, ['requirements.lock']]);
  expect(await service.check()).toMatchObject({ status: 'ready', isOutdated: false });
  await expect(open(null, nodeFiles, undefined, onHopper('requirements.lock')).install()).rejects.toThrow();
});

test.each(['venv', 'sync', 'smoke'])('a new install that fails at %s keeps the working one', async (failing) => {
  await open().install();
  const before = await open().check();
  const service = open(failing);
  await expect(service.install()).rejects.toThrow();
  expect(service.get()).toEqual(before);
  expect(await slots()).toHaveLength(1);
  expect(await service.current()).not.toBeNull();
});

test('a failed first install reports the reason, and the next start removes leftovers of a killed one', async () => {
  const service = open('sync');
  await expect(service.install()).rejects.toMatchObject({ error: { code: 'ENVIRONMENT_INSTALL_FAILED' } });
  expect(service.get()).toMatchObject({ status: 'failed', hasWorkingSlot: false });
  await mkdir(path.join(root(), 'slots', 'half'), { recursive: true });
  expect(await open().check()).toEqual({ status: 'missing' });
  expect(await slots()).toEqual([]);
});

test('two checkouts share an environment, and each runs its own package', async () => {
  await open().install();
  const other = path.join(folder, 'another checkout\nwith a line break', 'python');
  const entries = [await open().current(), await open(null, nodeFiles, other).current()].map((each) => each?.entry);
  expect(entries).toEqual([
    ['-I', path.join(folder, 'python')],
    ['-I', other],
  ]);
  // The environment names neither of them.
  const files = await readdir(root(), { recursive: true });
  expect(files.filter((file) => file.endsWith('.pth'))).toEqual([]);
});

test('a slot whose interpreter is missing is broken, not ready', async () => {
  const service = open();
  await service.install();
  const state = service.get();
  await rm(
    openSlots({ files: nodeFiles, clock: nodeClock }, root()).pythonOf(state.status === 'ready' ? state.slot : ''),
  );
  expect(await service.check()).toMatchObject({ status: 'failed', error: { code: 'ENVIRONMENT_BROKEN' } });
  expect(await service.current()).toBeNull();
});

test('a canceled install restores the previous state', async () => {
  const service = open();
  const done = service.install();
  service.cancel();
  await expect(done).rejects.toMatchObject({ error: { code: 'CANCELED' } });
  expect(service.get()).toEqual({ status: 'missing' });
});

test('the previous slot stays until the new one has generated a video, and a tested slot is never given up', async () => {
  const service = open();
  await service.install();
  await service.videoMade();
  const tested = slotOf(service);
  await service.install();
  const second = slotOf(service);
  expect(service.get()).toMatchObject({ previousSlot: tested });
  // The second is unproven, so a third install keeps the first for a rollback, not the second.
  await service.install();
  expect(service.get()).toMatchObject({ previousSlot: tested });
  expect(await slots()).not.toContain(second);
  await service.videoMade();
  expect(service.get()).toMatchObject({ previousSlot: null });
  expect(await slots()).toEqual([slotOf(service)]);
});

test('disk space is estimated from the wheels of the lock, and an install that cannot fit downloads nothing', async () => {
  const service = open(null, { ...nodeFiles, freeBytes: () => Promise.resolve(24) });
  expect(await service.estimate()).toMatchObject({ downloadBytes: 10, packageCount: 1, fits: false });
  await expect(service.install()).rejects.toMatchObject({ error: { code: 'DISK_FULL' } });
  expect(await nodeFiles.list(path.join(root(), 'slots'))).toEqual([]);
  const spacious = open(null, { ...nodeFiles, freeBytes: () => Promise.resolve(25) });
  expect(await spacious.estimate()).toMatchObject({ needs: [{ bytes: 25, freeBytes: 25 }], fits: true });
});

test('an install in another process is neither disturbed nor duplicated', async () => {
  await open().install();
  const other = await nodeProcesses.find(1);
  await mkdir(path.join(root(), 'slots', 'theirs'));
  const note = { pid: 1, startTime: other?.startTime, slot: 'theirs' };
  await writeFile(path.join(root(), 'installing.json'), JSON.stringify(note));
  const service = open();
  await service.check();
  expect(await slots()).toContain('theirs');
  await expect(service.install()).rejects.toMatchObject({ error: { code: 'INSTALL_RUNNING' } });
  expect(await slots()).toContain('theirs');
  // The same pid with another start time is another program, so the note is void.
  await writeFile(path.join(root(), 'installing.json'), JSON.stringify({ ...note, startTime: 'long ago' }));
  await service.check();
  expect(await slots()).not.toContain('theirs');
});

test('a failed cleanup after the switch keeps the new slot', async () => {
  await open().install();
  const first = slotOf(await checked(open()));
  const theirs = path.join(root(), 'slots', 'left-by-somebody');
  await mkdir(theirs);
  const remove = async (target: string): Promise<void> => {
    if (target === theirs) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    await nodeFiles.remove(target);
  };
  const service = open(null, { ...nodeFiles, remove });
  await service.install();
  expect(slotOf(service)).not.toBe(first);
  expect(service.get()).toMatchObject({ status: 'ready', previousSlot: first });
  expect(await service.current()).not.toBeNull();
  expect(await nodeFiles.stat(path.join(root(), 'installing.json'))).toBeNull();
});

test('leftovers of a killed install are removed, but not those of a running one', async () => {
  const halves = ['check-a-slot/x.mp4', '.0000.part', 'tool/uv-2.slot.part/uv.whl', '../cache/.tmpAbC/torch.so'];
  const put = async (): Promise<void> => {
    for (const half of halves) await nodeFiles.writeAtomically(path.join(root(), half), 'half');
  };
  const left = async (): Promise<readonly string[]> => {
    const infos = await Promise.all(halves.map((half) => nodeFiles.stat(path.join(root(), half))));
    return halves.filter((_, index) => infos[index] !== null);
  };
  await put();
  const other = await nodeProcesses.find(1);
  const note = { pid: 1, startTime: other?.startTime, slot: 'theirs' };
  await writeFile(path.join(root(), 'installing.json'), JSON.stringify(note));
  await open().check();
  expect(await left()).toEqual(halves);
  await rm(path.join(root(), 'installing.json'));
  await open().check();
  expect(await left()).toEqual([]);
  expect(await nodeFiles.stat(path.join(tool(), 'uv-1.data/scripts/uv'))).not.toBeNull();
});

async function checked(service: EnvironmentService): Promise<EnvironmentService> {
  await service.check();
  return service;
}
