/** The Python environment, as the window sees it. */
import { z } from 'zod';
import { appErrorSchema } from './errors';

/** What an install does, in order. */
export const INSTALL_STEPS = ['tool', 'python', 'packages', 'checking', 'switching'] as const;

/** `cuda`: the whole lock. `cpu`: without the packages that only GPUs need. */
export const VARIANTS = ['cuda', 'cpu'] as const;
export type Variant = (typeof VARIANTS)[number];
export const VARIANT_CHOICES = ['auto', ...VARIANTS] as const;
export type VariantChoice = (typeof VARIANT_CHOICES)[number];

/** What a new environment is tested with: its packages, then a tiny video on each kind of device. */
export const INSTALL_CHECKS = ['imports', 'cpu', 'cuda'] as const;
export type InstallCheck = (typeof INSTALL_CHECKS)[number];

export const installProgressSchema = z.object({
  step: z.enum(INSTALL_STEPS),
  /** Packages for `packages`, checks for `checking`; counted from what uv reports, null before it has. */
  completed: z.number().nullable(),
  total: z.number().nullable(),
  /** Download progress; null before it starts, and if nothing is downloaded. */
  downloadedBytes: z.number().nullable(),
  totalBytes: z.number().nullable(),
  /** Null until it has been measured for a second. */
  bytesPerSecond: z.number().nullable(),
  /** The current package. */
  current: z.string().nullable(),
  check: z.enum(INSTALL_CHECKS).nullable(),
});
export type InstallProgress = z.infer<typeof installProgressSchema>;

export const environmentSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('unknown') }),
  z.object({ status: z.literal('missing') }),
  z.object({
    status: z.literal('installing'),
    progress: installProgressSchema,
    hasWorkingSlot: z.boolean(),
  }),
  z.object({
    status: z.literal('ready'),
    slot: z.string(),
    variant: z.enum(VARIANTS),
    versions: z.record(z.string(), z.string()),
    sizeBytes: z.number().nullable(),
    /** The lock has changed since this slot was made. */
    isOutdated: z.boolean(),
    /** Kept until this slot has generated a video. */
    previousSlot: z.string().nullable(),
  }),
  z.object({ status: z.literal('failed'), error: appErrorSchema, hasWorkingSlot: z.boolean() }),
]);
export type Environment = z.infer<typeof environmentSchema>;

/** Why a variant was taken. */
export const VARIANT_REASONS = ['chosen', 'gpu', 'noGpu', 'oldDriver'] as const;

/** What an install would do, shown before anything is downloaded. */
export const installEstimateSchema = z.object({
  variant: z.enum(VARIANTS),
  reason: z.enum(VARIANT_REASONS),
  /** DRIVER_TOO_OLD with the required version; null if the driver is fine or missing. */
  driverProblem: appErrorSchema.nullable(),
  downloadBytes: z.number(),
  downloadCount: z.number().int(),
  packageCount: z.number().int(),
  /** Needed and free space per disk. */
  needs: z.array(z.object({ folder: z.string(), bytes: z.number(), freeBytes: z.number() })),
  fits: z.boolean(),
});
export type InstallEstimate = z.infer<typeof installEstimateSchema>;
