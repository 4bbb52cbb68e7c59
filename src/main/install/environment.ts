/**
 * The Python environment and its slots: a new slot is made next to the one in use, tested, and only then switched to;
 * one rollback is possible. Independent of Electron, because the command line makes the same environment.
 */
import type { Environment, InstallEstimate, VariantChoice } from '../../shared/environment';
import { appError, SplitreelError } from '../../shared/errors';
import { workerEnvironment } from '../engine/worker-environment';
import { singleFlight } from '../state/single-flight';
import type { EnvironmentOptions } from './environment-options';
import { attemptInstall, type EnvironmentPorts } from './install-attempt';
import { slotOfAnother } from './install-lock';
import type { BundleSource, InstallRequest } from './install-plan';
import type { InstallSettings } from './install-settings';
import { sweepInterrupted } from './interrupted';
import { packageEntry } from './package-entry';
import { openSlots, type Slots } from './slots';
import { createSource, hashOf, type EnvironmentSource } from './source';

/** How to run the app's own package with the current slot. */
export interface CurrentPython {
  readonly python: string;
  /** The first arguments; a command of the package follows. */
  readonly entry: readonly string[];
  /** The variables from the user's shell that it may see. */
  readonly env: Readonly<Record<string, string>>;
}

export interface EnvironmentService {
  readonly get: () => Environment;
  /** Reads the state from disk and removes leftovers of an interrupted install. */
  readonly check: () => Promise<Environment>;
  /** What an install would download, and where it needs disk space. */
  readonly estimate: (request?: InstallRequest) => Promise<InstallEstimate>;
  /** Resolves when it is ready; throws a SplitreelError otherwise. One install at a time. */
  readonly install: (request?: InstallRequest) => Promise<void>;
  readonly cancel: () => void;
  readonly rollBack: () => Promise<void>;
  /** The current slot has generated a video: the previous one is no longer needed. */
  readonly videoMade: () => Promise<void>;
  readonly remove: () => Promise<void>;
  /** Null if no slot works. */
  readonly current: () => Promise<CurrentPython | null>;
  readonly installSettings: () => Promise<InstallSettings>;
  /** A Python outside the slots in a version that the lock covers; null if there is none. */
  readonly systemPython: () => Promise<string | null>;
  /** What `npm run bundle` downloads. */
  readonly bundleSource: (choice: VariantChoice) => Promise<BundleSource>;
}

export function createEnvironment(ports: EnvironmentPorts, options: EnvironmentOptions): EnvironmentService {
  const { files } = ports;
  const slotsNow = (): Slots => openSlots(ports, options.root());
  const source = createSource(ports, options);
  let state: Environment = { status: 'unknown' };
  let abort = new AbortController();

  const setState = (next: Environment): Environment => {
    state = next;
    options.onChange(next);
    return next;
  };
  const check = async (): Promise<Environment> => setState(await readState(slotsNow(), source));
  const sweeping = singleFlight(() => sweepInterrupted(ports, options));
  const installing = singleFlight(async (request: InstallRequest): Promise<void> => {
    abort = new AbortController();
    const { signal } = abort;
    await sweeping.current()?.catch(() => undefined);
    const before = await slotsNow().readWorking();
    const hasWorkingSlot = before !== null;
    try {
      await attemptInstall(
        { ports, options, source },
        {
          request,
          before,
          signal,
          onProgress: (progress) => void setState({ status: 'installing', progress, hasWorkingSlot }),
        },
      );
      await check();
    } catch (error) {
      // With a working environment the state stays ready, and the call that started the install reports the error.
      const isFailed = error instanceof SplitreelError && error.error.code !== 'CANCELED' && !hasWorkingSlot;
      if (isFailed) setState({ status: 'failed', error: error.error, hasWorkingSlot });
      else await check();
      throw error;
    }
  });

  return {
    get: () => state,
    check: async () => {
      if (installing.current() !== null) return state;
      await sweeping.run();
      return check();
    },
    estimate: source.estimate,
    install: (request = {}) => installing.run(request),
    cancel: () => abort.abort(),
    rollBack: async () => {
      if (await slotsNow().rollBack()) await check();
    },
    videoMade: async () => {
      const kept = await slotOfAnother(ports, options.root(), options.pid);
      const isFirst = await slotsNow().markProven(kept);
      if (isFirst && installing.current() === null) await check();
    },
    remove: async () => {
      abort.abort();
      await installing.current()?.catch(() => undefined);
      // Remove the pointer first, so that a partly removed slot is never used.
      await slotsNow().writePointer(null);
      await files.remove(options.root());
      await files.remove(options.pythonsFolder);
      await check();
    },
    current: () => currentPython(slotsNow(), options),
    installSettings: source.installSettings,
    systemPython: source.systemPython,
    bundleSource: source.bundleSource,
  };
}

/** What is on disk. */
async function readState(slots: Slots, source: EnvironmentSource): Promise<Environment> {
  const working = await slots.readWorking();
  if (working === null) {
    if ((await slots.readPointer()) === null) return { status: 'missing' };
    const error = appError('ENVIRONMENT_BROKEN', {}, { reasons: [{ code: 'environment_files_missing', params: {} }] });
    return { status: 'failed', error, hasWorkingSlot: false };
  }
  const { slot, previous, record } = working;
  const { variant, versions, sizeBytes } = record;
  const isOutdated = record.lockHash !== hashOf(await source.read(variant, record.hasFlashAttentionLock));
  return { status: 'ready', slot, variant, versions, sizeBytes, isOutdated, previousSlot: previous };
}

async function currentPython(slots: Slots, options: EnvironmentOptions): Promise<CurrentPython | null> {
  const working = await slots.readWorking();
  if (working === null) return null;
  return {
    python: slots.pythonOf(working.slot),
    entry: packageEntry(options.pythonFolder),
    env: workerEnvironment(options.env),
  };
}
