/** The app's settings, each with its default and limits. The defaults also fill in what an older version's file lacks. */
import { z } from 'zod';
import { continuedVideoSchema } from './continuation';
import { VARIANT_CHOICES } from './environment';
import { LANGUAGE_CHOICES } from './language';
import { DEFAULT_LIBRARY_VIEW, libraryViewSchema } from './library-view';
import { planSchema } from './plan';
import { instructionSchema, NO_REWRITER, rewriterSchema } from './rewriting';
import { generateRequestSchema } from './sampling';

export const SETTINGS_VERSION = 1;

/** Settings that the window may change without a dialog. They have no defaults, because zod would fill them into a patch. */
const changeable = {
  theme: z.enum(['system', 'light', 'dark']),
  language: z.enum(LANGUAGE_CHOICES),
  /** null: all GPUs. */
  chosenGpuUuids: z.array(z.string()).nullable(),
  /** Use the CPU although usable GPUs exist. */
  isCpuChosen: z.boolean(),
  /** Ranks to try on a computer without a GPU. */
  cpuRanks: z.number().int().min(1).max(8),
  /** Shows a notification when a video is finished while the window is in the background. */
  notifyWhenDone: z.boolean(),
  /** Plays a short sound when a job ends. */
  soundWhenDone: z.boolean(),
  loopPlayback: z.boolean(),
  /** Of all downloads together, in bytes per second; null: unlimited. */
  downloadLimit: z.number().int().min(10_000).nullable(),
  /** Which packages an install includes. */
  environmentVariant: z.enum(VARIANT_CHOICES),
  /** Data between GPUs goes through the computer's memory: NCCL's workaround for broken peer-to-peer. */
  isP2pOff: z.boolean(),
  /** Checks for a newer version at the start and once a day. Off until the user turns it on. */
  isUpdateCheckOn: z.boolean(),
  libraryView: libraryViewSchema,
  /** The instruction for rewriting a prompt; null: our own. */
  rewriteInstruction: instructionSchema,
  /** The contents of the Create form; null before the first change. */
  draft: z
    .object({
      request: generateRequestSchema,
      plan: planSchema,
      isPlanAutomatic: z.boolean(),
      /** The same seed for every video, instead of a new one each time. */
      isSeedLocked: z.boolean().default(false),
      /** Each line of the prompt is a separate prompt. */
      isPromptList: z.boolean().default(false),
      /** The video that this one continues, as long as it starts from its last frame. */
      continues: continuedVideoSchema.optional(),
    })
    .nullable(),
};

/** Where data goes. A compromised page must not be able to change it, so each change needs a native dialog. */
const guarded = {
  /** null: a Splitreel folder inside the user's Videos folder. */
  videosFolder: z.string().nullable(),
  /** A mirror of Hugging Face (HF_ENDPOINT); null: huggingface.co. */
  hubMirror: z.string().max(500).nullable(),
  /** False: the token is never sent to the mirror. */
  sendTokenToMirror: z.boolean(),
  /** Where newer versions are announced; null: the project's own feed. */
  updateFeed: z
    .url({ protocol: /^https$/ })
    .max(500)
    .nullable(),
  /** What rewrites prompts: the app starts a program for it, or sends prompts to a server. */
  rewriter: rewriterSchema,
};

export const settingsSchema = z.object({
  version: z.literal(SETTINGS_VERSION),
  theme: changeable.theme.default('system'),
  language: changeable.language.default('system'),
  videosFolder: guarded.videosFolder.default(null),
  chosenGpuUuids: changeable.chosenGpuUuids.default(null),
  isCpuChosen: changeable.isCpuChosen.default(false),
  cpuRanks: changeable.cpuRanks.default(1),
  /** Folders that the user added as models. */
  modelFolders: z.array(z.string()).default([]),
  notifyWhenDone: changeable.notifyWhenDone.default(true),
  soundWhenDone: changeable.soundWhenDone.default(false),
  loopPlayback: changeable.loopPlayback.default(true),
  hubMirror: guarded.hubMirror.default(null),
  sendTokenToMirror: guarded.sendTokenToMirror.default(false),
  downloadLimit: changeable.downloadLimit.default(null),
  /** Where models are kept; null: in the data folder. */
  modelsFolder: z.string().nullable().default(null),
  /** The previous folder, while models are being moved from there. */
  modelsFolderBefore: z.string().nullable().default(null),
  environmentVariant: changeable.environmentVariant.default('auto'),
  isP2pOff: changeable.isP2pOff.default(false),
  isUpdateCheckOn: changeable.isUpdateCheckOn.default(false),
  updateFeed: guarded.updateFeed.default(null),
  libraryView: changeable.libraryView.default(DEFAULT_LIBRARY_VIEW),
  rewriter: guarded.rewriter.default(NO_REWRITER),
  rewriteInstruction: changeable.rewriteInstruction.default(null),
  draft: changeable.draft.default(null),
  /** Where a copy of a video was last saved; null: nowhere yet. */
  lastSaveFolder: z.string().nullable().default(null),
});
export type Settings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({ version: SETTINGS_VERSION });

/** Strict, so that a guarded setting is rejected instead of silently dropped. */
export const settingsPatchSchema = z.strictObject(changeable).partial();
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;

export type GuardedSettings = Pick<Settings, keyof typeof guarded>;
