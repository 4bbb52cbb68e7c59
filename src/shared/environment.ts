/** The Python environment, as the window sees it. */
import { z } from 'zod';
import { appErrorSchema } from './errors';

/** What an install does, in order. */
export const INSTALL_STEPS = ['tool', 'python', 'packages', 'checking', 'switching'] as const;

export const installProgressSchema = z.object({
  step: z.enum(INSTALL_STEPS),
  /** Packages for `packages`, checks for `checking`; counted from what uv reports, null before it has. */
  completed: z.number().nullable(),
  total: z.number().nullable(),
  /** Bytes downloaded so far, where known. */
  downloadedBytes: z.number().nullable(),
  /** The package or check that is being worked on. */
  current: z.string().nullable(),
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
    versions: z.record(z.string(), z.string()),
    sizeBytes: z.number().nullable(),
    /** The lock has changed since this slot was made. */
    isOutdated: z.boolean(),
    previousSlot: z.string().nullable(),
  }),
  z.object({ status: z.literal('failed'), error: appErrorSchema, hasWorkingSlot: z.boolean() }),
]);
export type Environment = z.infer<typeof environmentSchema>;
