/**
 * One install: makes a slot next to the one in use and switches to it, or leaves everything unchanged. Holds the lock,
 * so that no other process installs meanwhile.
 */
import type { InstallEstimate, InstallProgress } from '../../shared/environment';
import { describeError, SplitreelError } from '../../shared/errors';
import { inLanguage } from '../../shared/language';
import { workerEnvironment } from '../engine/worker-environment';
import type { Random } from '../ports/random';
import type { EnvironmentOptions } from './environment-options';
import { checkSpace } from './estimate';
import { toInstallError, withFreeSpace } from './install-errors';
import { dropLock, takeLock } from './install-lock';
import { atStep, type InstallPlan, type InstallPorts, type InstallRequest } from './install-plan';
import { sweepLeftovers } from './leftovers';
import { installSlot } from './make-slot';
import { hideInError, secretsHider } from './secrets';
import { openSlots, type SlotRecord, type WorkingSlot } from './slots';
import { hashOf, machineKindOf, type EnvironmentSource } from './source';

export interface EnvironmentPorts extends InstallPorts {
  readonly random: Random;
}

/** What every install needs from the app. */
export interface InstallContext {
  readonly ports: EnvironmentPorts;
  readonly options: EnvironmentOptions;
  readonly source: EnvironmentSource;
}

export interface AttemptOptions {
  readonly request: InstallRequest;
  /** The current working slot. */
  readonly before: WorkingSlot | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: InstallProgress) => void;
}

/** Progress of an attempt. */
interface Attempt {
  readonly root: string;
  slot: string | null;
  /** The new slot is in use. */
  isCurrent: boolean;
  needs: InstallEstimate['needs'];
  hideSecrets: (text: string) => string;
}

/** Resolves once the new slot is in use; throws a SplitreelError on failure. */
export async function attemptInstall(context: InstallContext, options: AttemptOptions): Promise<void> {
  const { ports } = context;
  const root = context.options.root();
  const attempt: Attempt = { root, slot: null, isCurrent: false, needs: [], hideSecrets: (text) => text };
  options.onProgress(atStep('tool'));
  try {
    const plan = await prepare(context, attempt, options);
    const record = await installSlot(ports, plan);
    await switchTo(ports, attempt, plan, record, options.before);
  } catch (error) {
    const problem = hideInError(toInstallError(error, root), attempt.hideSecrets);
    // The slot and the lock then belong to another process.
    if (problem.code !== 'INSTALL_RUNNING') await tidyUp(context, attempt);
    if (!attempt.isCurrent) throw new SplitreelError(await withFreeSpace(ports.files, problem, attempt.needs));
    ports.log.warn(
      `install: leftovers could not be removed: ${inLanguage('en', () => describeError(problem).message)}`,
    );
  }
}

/** Takes the lock. If a disk has too little space, throws before downloading anything. */
async function prepare(
  { ports, options, source }: InstallContext,
  attempt: Attempt,
  { request, signal, onProgress }: AttemptOptions,
): Promise<InstallPlan> {
  const env = await source.env();
  attempt.hideSecrets = secretsHider(env);
  const estimate = await source.estimate(request);
  attempt.needs = estimate.needs;
  checkSpace(estimate);
  const made = await source.readForHere(estimate.variant);
  const lockHash = hashOf(made);
  const slot = `${lockHash.slice(0, 12)}-${ports.random.id().slice(0, 8)}`;
  attempt.slot = slot;
  await ports.files.makeFolder(attempt.root);
  await takeLock(ports, attempt.root, options.pid, slot);
  return {
    root: attempt.root,
    slot,
    slots: openSlots(ports, attempt.root),
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
    machineKind: machineKindOf(options),
    signal,
    onProgress,
  };
}

async function switchTo(
  ports: EnvironmentPorts,
  attempt: Attempt,
  { slot, slots, onProgress }: InstallPlan,
  record: SlotRecord,
  before: WorkingSlot | null,
): Promise<void> {
  onProgress(atStep('switching'));
  await slots.writeRecord(slot, record);
  const previous = before === null ? null : await slots.lastProven(before);
  await slots.writePointer({ slot, previous });
  attempt.isCurrent = true;
  await slots.removeOthers([slot, ...(previous === null ? [] : [previous])]);
  await dropLock(ports, attempt.root);
}

/** Removes the attempt's leftovers, except a slot that is now in use. */
async function tidyUp({ ports, options }: InstallContext, { slot, isCurrent, root }: Attempt): Promise<void> {
  if (slot === null) return;
  if (!isCurrent) await ports.files.remove(openSlots(ports, root).folderOf(slot)).catch(() => undefined);
  await sweepLeftovers(ports.files, root, options.downloadsFolder()).catch(() => undefined);
  await dropLock(ports, root).catch(() => undefined);
}
