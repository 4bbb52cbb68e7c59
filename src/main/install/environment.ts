/**
 * The Python environment across its slots: a new one is made beside the one in use, tested, and only then switched to;
 * one step goes back. Free of Electron, because the command line makes the same environment with it.
 */
import type { Environment, InstallEstimate, InstallProgress, VariantChoice } from '../../shared/environment';
import { appError, describeError, SplitreelError } from '../../shared/errors';
import { workerEnvironment } from '../engine/worker-environment';
import type { Random } from '../ports/random';
import type { EnvironmentOptions } from './environment-options';
import { refuseWithoutRoom } from './estimate';
import { installSlot } from './make-slot';
import { asInstallError, withRoom } from './install-errors';
import { dropLock, endOrphans, slotOfAnother, takeLock } from './install-lock';
import { atStep, type BundleSource, type InstallPlan, type InstallPorts, type InstallRequest } from './install-plan';
import type { InstallSettings } from './install-settings';
import { sweepLeftovers } from './leftovers';
import { packageEntry } from './package-entry';
import { hideInError, secretsHider } from './secrets';
import { openSlots, type Pointer, type SlotRecord, type Slots } from './slots';
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

/** One install, and how far it has come. */
interface Attempt {
  readonly root: string;
  readonly before: WorkingSlot | null;
  readonly onProgress: (progress: InstallProgress) => void;
  slot: string | null;
  /** The new slot is in use. */
  isCurrent: boolean;
  needs: InstallEstimate['needs'];
  hideSecrets: (text: string) => string;
}

type WorkingSlot = Pointer & { readonly record: SlotRecord };

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
  const workingPointer = async (): Promise<WorkingSlot | null> => {
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
    const made = await source.read(record.variant, record.hasFlashAttentionLock);
    const isOutdated = record.lockHash !== hashOf(made);
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

  /** Takes the lock. Throws before anything is downloaded where the room does not suffice. */
  const plan = async (attempt: Attempt, request: InstallRequest, signal: AbortSignal): Promise<InstallPlan> => {
    const env = await source.env();
    attempt.hideSecrets = secretsHider(env);
    const estimate = await source.estimate(request);
    attempt.needs = estimate.needs;
    refuseWithoutRoom(estimate);
    const made = await source.readForHere(estimate.variant);
    const lockHash = hashOf(made);
    const slot = `${lockHash.slice(0, 12)}-${ports.random.id().slice(0, 8)}`;
    attempt.slot = slot;
    await files.makeFolder(attempt.root);
    await takeLock(ports, attempt.root, options.pid, slot);
    return {
      root: attempt.root,
      slot,
      slots: slotsNow(),
      ...made,
      lockHash,
      downloadBytes: estimate.downloadBytes,
      uvCache: options.downloadsFolder(),
      bundle: request.bundle ?? null,
      pythonFolder: options.pythonFolder,
      uvProgram: options.uvProgram,
      env,
      workerEnv: workerEnvironment(options.env),
      hideSecrets: attempt.hideSecrets,
      machineKind,
      signal,
      onProgress: attempt.onProgress,
    };
  };

  const switchTo = async (attempt: Attempt, { slot, slots }: InstallPlan, record: SlotRecord): Promise<void> => {
    attempt.onProgress(atStep('switching'));
    await slots.writeRecord(slot, record);
    const previous = attempt.before === null ? null : await lastProven(slots, attempt.before);
    await slots.writePointer({ slot, previous });
    attempt.isCurrent = true;
    await slots.removeOthers([slot, ...(previous === null ? [] : [previous])]);
    await dropLock(ports, attempt.root);
  };

  /** Removes what the attempt has left, but for a slot that is in use by now. */
  const tidyUp = async ({ slot, isCurrent, root }: Attempt): Promise<void> => {
    if (slot === null) return;
    if (!isCurrent) await files.remove(slotsNow().folderOf(slot)).catch(() => undefined);
    await sweepLeftovers(files, root, options.downloadsFolder()).catch(() => undefined);
    await dropLock(ports, root).catch(() => undefined);
  };

  const make = async (request: InstallRequest, signal: AbortSignal): Promise<void> => {
    const before = await workingPointer();
    const hasWorkingSlot = before !== null;
    const attempt: Attempt = {
      root: options.root(),
      before,
      onProgress: (progress) => void setState({ status: 'installing', progress, hasWorkingSlot }),
      slot: null,
      isCurrent: false,
      needs: [],
      hideSecrets: (text) => text,
    };
    attempt.onProgress(atStep('tool'));
    try {
      const planned = await plan(attempt, request, signal);
      await switchTo(attempt, planned, await installSlot(ports, planned));
      await check();
    } catch (error) {
      const met = hideInError(asInstallError(error, attempt.root), attempt.hideSecrets);
      // The slot and the lock are another process's then.
      if (met.code !== 'INSTALL_RUNNING') await tidyUp(attempt);
      if (attempt.isCurrent) {
        ports.log.warn(`install: leftovers could not be removed: ${describeError(met).message}`);
        await check();
        return;
      }
      const problem = await withRoom(files, met, attempt.needs);
      // With a working environment the state stays ready, and the call that began the install reports the error.
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
