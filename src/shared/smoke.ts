/** What `splitreel smoke` sends while it tests an environment: contract/smoke.py is generated from this file. */
import { z } from 'zod';
import { appErrorSchema } from './errors';

const deviceKindSchema = z.enum(['cpu', 'cuda']);

export const smokeEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('importsStarted') }),
  z.object({ type: z.literal('videoStarted'), device: deviceKindSchema }),
  z
    .object({ type: z.literal('videoChecked'), device: deviceKindSchema, error: z.number(), allowed: z.number() })
    .describe("How far its numbers are off, relative to the right ones' size."),
  z.object({ type: z.literal('smokePassed'), versions: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal('smokeFailed'), error: appErrorSchema }),
]);
export type SmokeEvent = z.infer<typeof smokeEventSchema>;
