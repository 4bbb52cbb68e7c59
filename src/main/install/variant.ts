/** Chooses the packages: the whole lock, or the lock without GPU-only packages. Pure except for the driver's port. */
import { z } from 'zod';
import type { InstallEstimate, Variant, VariantChoice } from '../../shared/environment';
import { appError, type AppError } from '../../shared/errors';
import { compareVersions } from '../gpus/machine-watch';
import { createNvidiaSmi } from '../gpus/nvidia-smi';
import type { Processes } from '../ports/processes';

/** The NVIDIA driver, as far as the choice of packages is concerned. */
export type Driver =
  | { readonly kind: 'none' }
  /**
   * Present and new enough, or unknown: a driver that hangs now may work after a restart. `capabilities`: the compute
   * capabilities of the GPUs, if known.
   */
  | { readonly kind: 'usable'; readonly capabilities: readonly string[] }
  | { readonly kind: 'old'; readonly problem: AppError };

export async function readDriver(
  processes: Pick<Processes, 'run'>,
  env: Readonly<Record<string, string>>,
  minimum: string,
): Promise<Driver> {
  const nvidiaSmi = createNvidiaSmi(processes, env);
  const reading = await nvidiaSmi.read();
  if (!reading.ok) {
    const isThere = reading.error.kind === 'problem' && reading.error.error.code !== 'DRIVER_MISSING';
    return isThere ? { kind: 'usable', capabilities: [] } : { kind: 'none' };
  }
  const { driverVersion, gpus } = reading.value;
  if (gpus.length === 0) return { kind: 'none' };
  if (driverVersion === null || compareVersions(driverVersion, minimum) >= 0)
    return { kind: 'usable', capabilities: await nvidiaSmi.readCapabilities() };
  return { kind: 'old', problem: appError('DRIVER_TOO_OLD', { found: driverVersion, needed: minimum }) };
}

export function chooseVariant(choice: VariantChoice, driver: Driver): Pick<InstallEstimate, 'variant' | 'reason'> {
  if (choice !== 'auto') return { variant: choice, reason: 'chosen' };
  switch (driver.kind) {
    case 'usable':
      return { variant: 'cuda', reason: 'gpu' };
    case 'old':
      return { variant: 'cpu', reason: 'oldDriver' };
    case 'none':
      return { variant: 'cpu', reason: 'noGpu' };
  }
}

/** Whether to install FlashAttention: some GPU here can run it. */
export const wantsFlashAttention = (variant: Variant, driver: Driver, minimumCapability: string): boolean =>
  variant === 'cuda' &&
  driver.kind === 'usable' &&
  driver.capabilities.some((capability) => compareVersions(capability, minimumCapability) >= 0);

const PIN = /^([A-Za-z0-9._-]+)==/;

/** A lock from `uv pip compile` without some packages. The others keep their hashes. */
export function lockFor(variant: Variant, lock: string, gpuOnlyPackages: readonly string[]): string {
  if (variant === 'cuda') return lock;
  let isKept = true;
  return lock
    .split('\n')
    .filter((line) => {
      const name = PIN.exec(line)?.[1];
      if (name !== undefined) isKept = !gpuOnlyPackages.includes(name.toLowerCase());
      return isKept;
    })
    .join('\n');
}

const wheelSchema = z.object({
  name: z.string(),
  file: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  unpackedBytes: z.number(),
});
export type Wheel = z.infer<typeof wheelSchema>;

/** The wheels of a lock, with sizes from the index that it was made with; empty for a platform that it doesn't list. */
export function wheelsOf(table: string, machineKind: string, lock: string): readonly Wheel[] {
  const parsed = z.record(z.string(), z.unknown()).parse(JSON.parse(table));
  const wheels = z.array(wheelSchema).parse(parsed[machineKind] ?? []);
  // Sizes are keyed by hash, so a hash that isn't in this lock is skipped.
  return wheels.filter(({ sha256 }) => lock.includes(sha256));
}
