/** What `python -m splitreel doctor` finds, as the window sees it. */
import { z } from 'zod';

/** What the window has a button for: the same list as Fix in python/splitreel/commands/doctor/finding.py. */
export const FIXES = ['', 'install', 'repair', 'driver', 'p2p_off', 'p2p_on', 'models', 'storage'] as const;

export const findingSchema = z.object({
  topic: z.enum(['driver', 'gpu', 'link', 'environment', 'disk', 'model', 'ranks']),
  status: z.enum(['ok', 'note', 'problem']),
  text: z.string(),
  action: z.string(),
  fix: z.enum(FIXES),
});

export const doctorSchema = z.object({
  status: z.enum(['idle', 'running', 'done']),
  /** In the order in which they were found; they come one by one. */
  findings: z.array(findingSchema),
});
export type Doctor = z.infer<typeof doctorSchema>;
