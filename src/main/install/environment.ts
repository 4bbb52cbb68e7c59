/**
 * The Python environment across its slots: made new beside the one that works, switched to only when it has been
 * tried, taken back when asked. Electron-free: scripts/ makes the same environment by it.
 */
import type { Environment, InstallEstimate, VariantChoice } from '../../shared/environment';
import { appError, describeError, SplitreelError } from '../../shared/errors';
import { workerEnvironment } from '../engine/worker-environment';
import type { Random } from '../ports/random';
import type { EnvironmentOptions } from './environment-options';
import { refuseWithoutRoom } from './estimate';
import { atStep, installSlot } from './make-slot';
import { asInstallError, withRoom } from './install-errors';
import { dropLock, endOrphans, slotOfAnother, takeLock } from './install-lock';
import type { BundleSource, InstallPorts, InstallRequest } from './install-plan';
import type { InstallSettings } from './install-settings';
import { sweepLeftovers } from './leftovers';
import { packageEntry } from './package-entry';
import { hideInError, secretsHider } from './secrets';
import { openSlots, type Slots } from './slots';
import { createSource, hashOf } from './source';

export interface EnvironmentPorts extends InstallPorts {
  readonly random: Random;
}

/** How to run the app's own package by the slot in use. */
export interface CurrentPython {
  readonly python: string;
  /** The first arguments; a command of the package follows. */
  readonly entry: readonly string[];
  /** All variables that it may see of the user's shell. */
  readonly env: Readonly<Record<string, string>>;
}

export interface EnvironmentService {
  readonly get: () => Environment;
  /** Looks at what is on disk and sweeps up what an interrupted install left behind. */
  readonly check: () => Promise<Environment>;
  /** What an install would fetch, and where it needs room. */
  readonly estimate: (request?: InstallRequest) => Promise<InstallEstimate>;
  /** Resolves when it is ready; throws a SplitreelError otherwise. One install at a time. */
  readonly install: (request?: InstallRequest) => Promise<void>;
  readonly cancel: () => void;
  readonly rollBack: () => Promise<void>;
  /** The slot in use has made a video: the one before is no longer needed. */
  readonly videoMade: () => Promise<void>;
  readonly remove: () => Promise<void>;
  /** Null where no slot works. */
  readonly current: () => Promise<CurrentPython | null>;
  readonly installSettings: () => Promise<InstallSettings>;
  /** A Python of the lock's version outside the slots; null where there is none. */
  readonly systemPython: () => Promise<string | null>;
  /** What `npm run bundle` fetches. */
  readonly bundleSource: (choice: VariantChoice) => Promise<BundleSource>;
}

export function createEnvironment(ports: EnvironmentPorts, options: EnvironmentOptions): EnvironmentService {
  const { files } = ports;
  const machineKind = `${options.platform}-${options.arch}`;
  const slotsNow = (): Slots => openSlots(files, options.root());
  const source = createSource(ports, options);
  let state: Environment = { status: 'unknown' };
  let sweeping: Promise<void> | null = null;
  let installing: { readonly done: Promise<void>; readonly abort: AbortController } | null = null;

  const setState = (next: Environment): Environment => {
    state = next;
    options.onChange(next);
    return next;
  };
  const { installSettings } = source;
  /** The pointer, if what it names was finished and its interpreter is still there. */
  const workingPointer = async () => {
    const slots = slotsNow();
    const pointer = await slots.readPointer();
    if (pointer === null) return null;
    const record = await slots.readRecord(pointer.slot);
    const python = await files.stat(slots.pythonOf(pointer.slot));
    return record === null || python === null ? null : { ...pointer, record };
  };

  const check = async (): Promise<Environment> => {
    const working = await workingPointer();
    if (working === null) {
      const pointer = await slotsNow().readPointer();
      if (pointer === null) return setState({ status: 'missing' });
      const error = appError('ENVIRONMENT_BROKEN', { problem: 'files of it are missing' });
      return setState({ status: 'failed', error, hasWorkingSlot: false });
    }
    const { slot, previous, record } = working;
    const isOutdated = record.lockHash !== hashOf((await source.read(record.variant)).lock);
    return setState({
      status: 'ready',
      slot,
      variant: record.variant,
      versions: record.versions,
      sizeBytes: record.sizeBytes,
      isOutdated,
      previousSlot: previous,
    });
  };

  const make = async (request: InstallRequest, signal: AbortSignal): Promise<void> => {
    const before = await workingPointer();
    const hasWorkingSlot = before !== null;
    const onProgress = (progress: Parameters<Parameters<typeof installSlot>[1]['onProgress']>[0]): void => {
      setState({ status: 'installing', progress, hasWorkingSlot });
    };
    onProgress(atStep('tool'));
    const root = options.root();
    const slots = slotsNow();
    let slot: string | null = null;
    let isCurrent = false;
    let needs: InstallEstimate['needs'] = [];
    let hideSecrets = (text: string): string => text;
    try {
      const env = await source.env();
      hideSecrets = secretsHider(env);
      const estimate = await source.estimate(request);
      needs = estimate.needs;
      refuseWithoutRoom(estimate);
      const { settings, lock } = await source.read(estimate.variant);
      const lockHash = hashOf(lock);
      slot = `${lockHash.slice(0, 12)}-${ports.random.id().slice(0, 8)}`;
      await files.makeFolder(root);
      await takeLock(ports, root, options.pid, slot);
      const record = await installSlot(ports, {
        root,
        slot,
        slots,
        settings,
        variant: estimate.variant,
        lock,
        lockHash,
        bundle: request.bundle ?? null,
        pythonFolder: options.pythonFolder,
        uvProgram: options.uvProgram,
        devices: await source.devices(estimate.variant),
        env,
        workerEnv: workerEnvironment(options.env),
        hideSecrets,
        machineKind,
        signal,
        onProgress,
      });
      onProgress(atStep('switching'));
      await slots.writeRecord(slot, record);
      const previous = before === null ? null : await lastProven(slots, before);
      await slots.writePointer({ slot, previous });
      isCurrent = true;
      await slots.removeOthers([slot, ...(previous === null ? [] : [previous])]);
      await dropLock(ports, root);
      await check();
    } catch (error) {
      const met = hideInError(asInstallError(error, root), hideSecrets);
      if (slot !== null && met.code !== 'INSTALL_RUNNING') {
        // What cannot be tidied up after the switch is no reason to take away what is in use by now.
        if (!isCurrent) await files.remove(slots.folderOf(slot)).catch(() => undefined);
        await sweepLeftovers(files, root, options.downloadsFolder()).catch(() => undefined);
        await dropLock(ports, root).catch(() => undefined);
      }
      if (isCurrent) {
        ports.log.warn(`install: what was left could not be removed: ${describeError(met).message}`);
        await check();
        return;
      }
      const problem = await withRoom(files, met, needs);
      // A working environment stays what it is; the failed try is told by the call that started it.
      if (problem.code === 'CANCELLED' || hasWorkingSlot) await check();
      else setState({ status: 'failed', error: problem, hasWorkingSlot });
      throw new SplitreelError(problem);
    }
  };

  /** What an install that was killed has left, running or written. */
  const sweep = async (): Promise<void> => {
    const root = options.root();
    await endOrphans(ports, root, options.pid);
    const slots = slotsNow();
    const pointer = await slots.readPointer();
    const another = await slotOfAnother(ports, root, options.pid);
    const kept = [pointer?.slot, pointer?.previous, another];
    await slots.removeOthers(kept.filter((name) => typeof name === 'string'));
    if (another === null) await sweepLeftovers(files, root, options.downloadsFolder());
  };

  const cancel = (): void => installing?.abort.abort();

  return {
    get: () => state,
    check: async () => {
      if (installing !== null) return state;
      sweeping ??= sweep().finally(() => {
        sweeping = null;
      });
      await sweeping;
      return check();
    },
    estimate: source.estimate,
    install: (request = {}) => {
      if (installing === null) {
        const abort = new AbortController();
        const done = (sweeping ?? Promise.resolve())
          .catch(() => undefined)
          .then(() => make(request, abort.signal))
          .finally(() => {
            installing = null;
          });
        installing = { done, abort };
      }
      return installing.done;
    },
    cancel,
    rollBack: async () => {
      const slots = slotsNow();
      const pointer = await slots.readPointer();
      if (pointer?.previous === null || pointer === null) return;
      if ((await slots.readRecord(pointer.previous)) === null) return;
      await slots.writePointer({ slot: pointer.previous, previous: pointer.slot });
      await check();
    },
    videoMade: async () => {
      const working = await workingPointer();
      if (working === null || working.record.hasMadeVideo) return;
      const slots = slotsNow();
      await slots.writeRecord(working.slot, { ...working.record, hasMadeVideo: true });
      await slots.writePointer({ slot: working.slot, previous: null });
      const another = await slotOfAnother(ports, options.root(), options.pid);
      await slots.removeOthers([working.slot, ...(another === null ? [] : [another])]);
      if (installing === null) await check();
    },
    remove: async () => {
      cancel();
      await installing?.done.catch(() => undefined);
      // The pointer first: whatever happens to the rest, nothing half removed is ever used.
      await slotsNow().writePointer(null);
      await files.remove(options.root());
      await files.remove(options.pythonsFolder);
      await check();
    },
    current: async () => {
      const working = await workingPointer();
      if (working === null) return null;
      return {
        python: slotsNow().pythonOf(working.slot),
        entry: packageEntry(options.pythonFolder),
        env: workerEnvironment(options.env),
      };
    },
    installSettings,
    systemPython: source.systemPython,
    bundleSource: source.bundleSource,
  };
}

/** Of the slot in use and the one before it, the one that has made a video: that one is worth keeping. */
async function lastProven(
  slots: Slots,
  { slot, previous, record }: { slot: string; previous: string | null; record: { hasMadeVideo: boolean } },
): Promise<string> {
  if (record.hasMadeVideo || previous === null) return slot;
  return (await slots.readRecord(previous))?.hasMadeVideo === true ? previous : slot;
}
