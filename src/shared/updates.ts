/** Whether there is a newer version, for the window. Nothing is ever downloaded or installed. */
import { z } from 'zod';
import { appErrorSchema } from './errors';

export const versionSchema = z.string().regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/);

export const updatesSchema = z.object({
  /** False: this build has no key to verify an announcement with, so it never checks. */
  hasKey: z.boolean(),
  /** The address of the feed. */
  feed: z.string(),
  check: z.discriminatedUnion('status', [
    z.object({ status: z.literal('idle') }),
    z.object({ status: z.literal('checking') }),
    z.object({ status: z.literal('newest'), checkedAtMs: z.number() }),
    z.object({
      status: z.literal('available'),
      checkedAtMs: z.number(),
      version: versionSchema,
      /** Plain text. */
      notes: z.string(),
    }),
    z.object({ status: z.literal('failed'), error: appErrorSchema }),
  ]),
});
export type Updates = z.infer<typeof updatesSchema>;

export function isNewer(version: string, than: string): boolean {
  const [a, b] = [version, than].map((each) => each.split('.').map(Number));
  const at = [0, 1, 2].find((index) => a?.[index] !== b?.[index]);
  return at !== undefined && (a?.[at] ?? 0) > (b?.[at] ?? 0);
}
