/** The app's settings: each with its default and its limits in one place. A file of an older version is migrated by these defaults. */
import { z } from 'zod';
import { planSchema } from './plan';
import { generateRequestSchema } from './request';

export const SETTINGS_VERSION = 1;

export const settingsSchema = z.object({
  version: z.literal(SETTINGS_VERSION),
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  /** null: the Videos folder of the user, in a folder of ours. */
  videosFolder: z.string().nullable().default(null),
  /** null: all GPUs that are there. */
  chosenGpuUuids: z.array(z.string()).nullable().default(null),
  /** Ranks to try on a computer without a GPU. */
  cpuRanks: z.number().int().min(1).max(8).default(1),
  /** Folders that the person added as models. */
  modelFolders: z.array(z.string()).default([]),
  /** Says so outside the window when a video is finished while the window is not in front. */
  notifyWhenDone: z.boolean().default(true),
  loopPlayback: z.boolean().default(true),
  /** What the Create form held; null before the first change. */
  draft: z
    .object({ request: generateRequestSchema, plan: planSchema, isPlanAutomatic: z.boolean() })
    .nullable()
    .default(null),
});
export type Settings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({ version: SETTINGS_VERSION });

export const settingsPatchSchema = settingsSchema.omit({ version: true, modelFolders: true }).partial();
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;
