/**
 * The Python environment across its slots: made new beside the one that works, switched to only when it has been
 * tried, taken back when asked. Electron-free: scripts/ makes the same environment by it.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Environment } from '../../shared/environment';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import type { Environ } from '../engine/worker-environment';
import { workerEnvironment } from '../engine/worker-environment';
import { fileErrorCode } from '../ports/files';
import type { Random } from '../ports/random';
import { atStep, installSlot, writePathFile } from './install';
import type { InstallPorts } from './install-plan';
import { installEnvironment, installSettingsSchema, type InstallSettings } from './install-settings';
import { openSlots } from './slots';

export interface EnvironmentPorts extends InstallPorts {
  readonly random: Random;
}

export interface EnvironmentOptions {
  /** <data>/environment */
  readonly root: string;
  readonly cacheFolder: string;
  /** The app's own folders: `python` with the lock, `resources` with environment.json and perhaps the demo model. */
  readonly pythonFolder: string;
  readonly resourcesFolder: string;
  readonly platform: string;
  readonly arch: string;
  readonly env: Environ;
  readonly onChange: (environment: Environment) => void;
}

/** The interpreter of the slot that works, and what it may see of the user's shell. */
export interface CurrentPython {
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface EnvironmentService {
  readonly get: () => Environment;
  /** Looks at what is on disk and sweeps up what an interrupted install left behind. */
  readonly check: () => Promise<Environment>;
  /** Resolves when it is ready; throws a SplitreelError otherwise. One install at a time. */
  readonly install: () => Promise<void>;
  readonly cancel: () => void;
  readonly rollBack: () => Promise<void>;
  readonly remove: () => Promise<void>;
  /** Null where no slot works. */
  readonly current: () => Promise<CurrentPython | null>;
  readonly installSettings: () => Promise<InstallSettings>;
}

export function createEnvironment(ports: EnvironmentPorts, options: EnvironmentOptions): EnvironmentService {
  const { files } = ports;
  const slots = openSlots(files, options.root, options.platform);
  const lockFile = path.join(options.pythonFolder, 'requirements.lock');
  let state: Environment = { status: 'unknown' };
  let installing: { readonly done: Promise<void>; readonly abort: AbortController } | null = null;

  const setState = (next: Environment): Environment => {
    state = next;
    options.onChange(next);
    return next;
  };
  const lockHash = async (): Promise<string> =>
    createHash('sha256')
      .update(await files.readBytes(lockFile))
      .digest('hex');
  const installSettings = async (): Promise<InstallSettings> =>
    installSettingsSchema.parse(
      JSON.parse(await files.readText(path.join(options.resourcesFolder, 'environment.json'))),
    );
  /** The pointer, if what it names was finished and its interpreter is still there. */
  const workingPointer = async () => {
    const pointer = await slots.readPointer();
    if (pointer === null) return null;
    const record = await slots.readRecord(pointer.slot);
    const python = await files.stat(slots.pythonOf(pointer.slot));
    return record === null || python === null ? null : { ...pointer, record };
  };

  const check = async (): Promise<Environment> => {
    const working = await workingPointer();
    if (working === null) {
      const pointer = await slots.readPointer();
      if (pointer === null) return setState({ status: 'missing' });
      const error = appError('ENVIRONMENT_BROKEN', { problem: 'files of it are missing' });
      return setState({ status: 'failed', error, hasWorkingSlot: false });
    }
    const { slot, previous, record } = working;
    const isOutdated = record.lockHash !== (await lockHash());
    return setState({
      status: 'ready',
      slot,
      versions: record.versions,
      sizeBytes: record.sizeBytes,
      isOutdated,
      previousSlot: previous,
    });
  };

  const make = async (signal: AbortSignal): Promise<void> => {
    const before = await workingPointer();
    const hasWorkingSlot = before !== null;
    const onProgress = (progress: Parameters<Parameters<typeof installSlot>[1]['onProgress']>[0]): void => {
      setState({ status: 'installing', progress, hasWorkingSlot });
    };
    onProgress(atStep('tool'));
    const settings = await installSettings();
    const hash = await lockHash();
    const slot = `${hash.slice(0, 12)}-${ports.random.id().slice(0, 8)}`;
    const demo = path.join(options.resourcesFolder, 'demo');
    const folders = {
      uvCache: path.join(options.cacheFolder, 'uv'),
      managedPythons: path.join(options.root, 'pythons'),
    };
    try {
      await files.makeFolder(options.root);
      const record = await installSlot(ports, {
        root: options.root,
        slot,
        slots,
        settings,
        lockFile,
        lockHash: hash,
        pythonFolder: options.pythonFolder,
        demoModel: (await files.stat(path.join(demo, 'model_index.json'))) === null ? null : demo,
        env: installEnvironment(options.env, folders),
        workerEnv: workerEnvironment(options.env),
        machineKind: `${options.platform}-${options.arch}`,
        signal,
        onProgress,
      });
      onProgress(atStep('switching'));
      await slots.writeRecord(slot, record);
      await slots.writePointer({ slot, previous: before?.slot ?? null });
      await slots.removeOthers([slot, ...(before === null ? [] : [before.slot])]);
      await check();
    } catch (error) {
      await files.remove(slots.folderOf(slot)).catch(() => undefined);
      const problem = asInstallError(error, options.root);
      // A working environment stays what it is; the failed try is told by the call that started it.
      if (problem.code === 'CANCELLED' || hasWorkingSlot) await check();
      else setState({ status: 'failed', error: problem, hasWorkingSlot });
      throw new SplitreelError(problem);
    }
  };

  const cancel = (): void => installing?.abort.abort();

  return {
    get: () => state,
    check: async () => {
      if (installing !== null) return state;
      const pointer = await slots.readPointer();
      const kept = pointer === null ? [] : [pointer.slot, ...(pointer.previous === null ? [] : [pointer.previous])];
      await slots.removeOthers(kept);
      return check();
    },
    install: () => {
      if (installing === null) {
        const abort = new AbortController();
        const done = make(abort.signal).finally(() => {
          installing = null;
        });
        installing = { done, abort };
      }
      return installing.done;
    },
    cancel,
    rollBack: async () => {
      const pointer = await slots.readPointer();
      if (pointer?.previous === null || pointer === null) return;
      if ((await slots.readRecord(pointer.previous)) === null) return;
      await slots.writePointer({ slot: pointer.previous, previous: pointer.slot });
      await check();
    },
    remove: async () => {
      cancel();
      await installing?.done.catch(() => undefined);
      // The pointer first: whatever happens to the rest, nothing half removed is ever used.
      await slots.writePointer(null);
      await files.remove(options.root);
      await check();
    },
    current: async () => {
      const working = await workingPointer();
      if (working === null) return null;
      await writePathFile(files, slots, working.slot, options.pythonFolder);
      return { python: slots.pythonOf(working.slot), env: workerEnvironment(options.env) };
    },
    installSettings,
  };
}

function asInstallError(error: unknown, folder: string): AppError {
  if (error instanceof SplitreelError) return error.error;
  if (fileErrorCode(error) === 'ENOSPC') return appError('DISK_FULL', { folder, needed: 'more', free: '0 MB' });
  const problem = error instanceof Error ? error.message : String(error);
  return appError('ENVIRONMENT_INSTALL_FAILED', { problem });
}
