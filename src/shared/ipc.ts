/**
 * The contract between the window and the main process: every call with its input and output, every slice of state
 * that main pushes. The preload exposes exactly this table and nothing else. A call is: sender check, parse input,
 * do, parse output, Result.
 */
import { z } from 'zod';
import { deviceListSchema } from './device';
import { doctorSchema } from './doctor';
import { environmentSchema, installEstimateSchema } from './environment';
import { downloadOfferSchema, downloadSchema, hubStateSchema, isHubAddress } from './download';
import { exportRequestSchema, exportStateSchema } from './export';
import { appErrorSchema, type AppError } from './errors';
import { jobInputSchema, jobProgressSchema, jobSchema } from './job';
import { guestVideoSchema, libraryVideoSchema, videoMetadataSchema } from './library';
import { machineSchema } from './machine';
import { marksChangeSchema } from './marks';
import { modelEntrySchema } from './models';
import { planSchema } from './plan';
import { presetSchema } from './presets';
import { usedPromptSchema } from './prompt-history';
import { MAX_JOBS_AT_ONCE } from './prompt-list';
import { kernelStateSchema } from './protocol';
import { loraSchema, offloadSchema, qualitySchema } from './sampling';
import type { Result } from './result';
import { apiKeySchema, rewriterSchema, rewritingStateSchema } from './rewriting';
import { settingsPatchSchema, settingsSchema } from './settings';
import type { ListPatch } from './slice-patch';
import type { Texts } from './texts';
import { LOCATION_NAMES, storageSchema } from './storage';
import { updatesSchema } from './updates';

/** Fixed https pages that the window may open, by id: the window never passes a URL. */
export const LINK_IDS = ['docs', 'issues', 'license', 'model2b', 'model5b', 'model15', 'driver', 'wsl'] as const;

const nothing = z.undefined();
const done = z.void();
const id = z.string().min(1).max(4_096);
/** Enough for a large library in one call. */
const MAX_VIDEOS_AT_ONCE = 100_000;
const videoIds = z.array(id).min(1).max(MAX_VIDEOS_AT_ONCE);
const droppedPath = z.string().max(4_096).nullable();

/** State that main owns. */
export const sliceSchemas = {
  settings: settingsSchema,
  machine: machineSchema,
  environment: environmentSchema,
  engine: z.object({
    status: z.enum(['stopped', 'starting', 'importing', 'cold', 'warm', 'busy', 'failed']),
    modelId: z.string().nullable(),
    rankCount: z.number(),
    /** Empty until the engine has checked. */
    kernels: z.array(kernelStateSchema),
    /** The engine's own kernels run here, as far as is known. */
    hasOwnKernels: z.boolean(),
    error: appErrorSchema.nullable(),
  }),
  models: z.array(modelEntrySchema),
  downloads: z.array(downloadSchema),
  hub: hubStateSchema,
  /** In queue order, including finished ones until they are cleared. */
  jobs: z.array(jobSchema),
  /** Paused: the running job continues, but no other starts, even after a restart. */
  queue: z.object({ isPaused: z.boolean() }),
  /** The job of the last clicked notification, and the number of clicks; null before the first. */
  clickedNotification: z.object({ jobId: z.string(), count: z.number().int() }).nullable(),
  /** For the running or the last job; null before the first. */
  progress: jobProgressSchema.nullable(),
  /** Running exports. */
  exports: z.array(exportStateSchema),
  /** Newest first. */
  library: z.array(libraryVideoSchema),
  /** The prompt history, newest first. */
  promptHistory: z.array(usedPromptSchema),
  presets: z.array(presetSchema),
  rewriting: rewritingStateSchema,
  /** Notices to show once, such as a damaged file that was set aside. */
  notices: z.array(z.object({ id, error: appErrorSchema })),
  /** Times of earlier videos on this computer. */
  measurements: z.array(
    z.object({
      modelId: z.string(),
      width: z.number(),
      height: z.number(),
      numFrames: z.number(),
      guided: z.boolean(),
      quality: qualitySchema.default('exact'),
      offload: offloadSchema.default('none'),
      plan: planSchema,
      /** One for each rank of the plan. */
      devices: deviceListSchema,
      secondsPerStep: z.number(),
      /** Decoding and writing one video; null if not measured. */
      tailMs: z.number().nullable().default(null),
    }),
  ),
  doctor: doctorSchema,
  storage: storageSchema,
  updates: updatesSchema,
  about: z.object({
    version: z.string(),
    electron: z.string(),
    chromium: z.string(),
    /** `official`, or `fallback` with the older Electron of test machines, plus one sentence about it. */
    runtime: z.object({ kind: z.enum(['official', 'fallback']), note: z.string() }),
    dataFolder: z.string(),
    videosFolder: z.string(),
    logsFolder: z.string(),
    platform: z.string(),
    /** False in a checkout, which has no third-party notices or bill of materials. */
    isPackaged: z.boolean(),
  }),
} as const;
export type SliceName = keyof typeof sliceSchemas;
export type Slices = { readonly [K in SliceName]: z.infer<(typeof sliceSchemas)[K]> };

export const snapshotSchema = z.object({
  revision: z.number().int(),
  slices: z.object(sliceSchemas),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** Potentially long lists, which are pushed as patches; all other slices are pushed whole. */
export const LIST_SLICES = ['models', 'jobs', 'library'] as const satisfies readonly SliceName[];
export type ListSliceName = (typeof LIST_SLICES)[number];

/** A change of a slice. Revisions count up by one over all slices: after a gap the window requests a snapshot. */
export type SliceChanged =
  | {
      [K in Exclude<SliceName, ListSliceName>]: {
        readonly revision: number;
        readonly slice: K;
        readonly value: Slices[K];
      };
    }[Exclude<SliceName, ListSliceName>]
  | {
      [K in ListSliceName]: {
        readonly revision: number;
        readonly slice: K;
        readonly patch: ListPatch<Slices[K][number]>;
      };
    }[ListSliceName];

const call = <I extends z.ZodType, O extends z.ZodType>(
  input: I,
  output: O,
): { readonly input: I; readonly output: O } => ({
  input,
  output,
});

export const calls = {
  /**
   * Parsed slice by slice when it is set (state/slice-store.ts), so that one invalid value doesn't break the whole
   * window.
   */
  getSnapshot: call(
    nothing,
    z.custom<Snapshot>((value) => typeof value === 'object'),
  ),
  updateSettings: call(settingsPatchSchema, done),
  /** Null: huggingface.co. Asks in a system dialog; false if the user declines. */
  setMirror: call(z.object({ address: z.string().max(500).refine(isHubAddress).nullable() }), z.boolean()),
  setSendTokenToMirror: call(z.object({ isOn: z.boolean() }), z.boolean()),
  /** Null: the project's own feed. Asks in a system dialog; false if the user declines. */
  setUpdateFeed: call(z.object({ address: settingsSchema.shape.updateFeed.unwrap() }), z.boolean()),
  checkForUpdates: call(nothing, done),
  /** Opens the page that the signed announcement names, in the user's browser. */
  openUpdatePage: call(nothing, done),
  /** Opens the system's folder dialog; null when it is canceled. */
  chooseVideosFolder: call(nothing, z.string().nullable()),
  chooseImage: call(nothing, z.string().nullable()),
  /** Opens the system's file dialog, and checks the file against a model; null when it is canceled. */
  chooseLora: call(z.object({ modelId: id }), loraSchema.nullable()),

  /** GPUs are read once a second while a window shows them. */
  watchMachine: call(z.object({ visible: z.boolean() }), done),
  refreshMachine: call(nothing, done),

  installEnvironment: call(nothing, done),
  /** What an install would download, and the disk space it needs. */
  estimateInstall: call(nothing, installEstimateSchema),
  /** Asks for a folder that `npm run bundle` made and installs from it without a network; false when canceled. */
  installFromFolder: call(nothing, z.boolean()),
  installFromArchive: call(nothing, z.boolean()),
  chooseInstallFolder: call(nothing, z.boolean()),
  cancelInstall: call(nothing, done),
  rollBackEnvironment: call(nothing, done),
  removeEnvironment: call(nothing, done),
  /** Checks driver, GPUs, links, environment, disk and models; findings arrive in the slice. */
  runDoctor: call(nothing, done),
  measureStorage: call(nothing, done),
  removeStorage: call(z.object({ id }), done),
  /** Asks for a folder, or uses the default one; false if the dialog is canceled. */
  moveStorage: call(z.object({ name: z.enum(LOCATION_NAMES), toDefault: z.boolean() }), z.boolean()),
  cancelMove: call(nothing, done),

  /** Asks for a folder, checks it, adds it; null when the dialog is canceled. */
  addModelFolder: call(nothing, z.object({ modelId: z.string() }).nullable()),
  /** Forgets a folder that was added; the folder itself stays. */
  forgetModel: call(z.object({ modelId: id }), done),
  recheckModel: call(z.object({ modelId: id }), done),
  /** Requests the size of a download from Hugging Face. */
  inspectDownload: call(z.object({ modelId: id }), downloadOfferSchema),
  /** Starts or resumes a download, or repairs a damaged model. */
  downloadModel: call(z.object({ modelId: id }), done),
  pauseDownload: call(z.object({ modelId: id }), done),
  /** Ends a download and removes its files. */
  discardDownload: call(z.object({ modelId: id }), done),
  /** Hashes every file again. */
  verifyModel: call(z.object({ modelId: id }), done),
  /** Removes a model from the models folder. */
  removeModel: call(z.object({ modelId: id }), done),
  showModelInFolder: call(z.object({ modelId: id }), done),
  /** The model's own page on huggingface.co, where its license is. */
  openModelPage: call(z.object({ modelId: id }), done),
  /** Asks for a folder and moves the models there; null when the dialog is canceled. */
  moveModelsFolder: call(nothing, z.string().nullable()),
  signIn: call(z.object({ token: z.string().max(300) }), done),
  signOut: call(nothing, done),
  countTokens: call(
    z.object({ modelId: id, text: z.string().max(20_000) }),
    z.object({ tokens: z.number(), max: z.number() }).nullable(),
  ),

  /** Adds all of them, or none if one isn't valid. */
  enqueueJobs: call(z.object({ jobs: z.array(jobInputSchema).min(1).max(MAX_JOBS_AT_ONCE) }), done),
  cancelJob: call(z.object({ jobId: id }), done),
  retryJob: call(z.object({ jobId: id }), done),
  /** Removes a job that isn't running. */
  removeJob: call(z.object({ jobId: id }), done),
  /** Moves a waiting job to an index among the waiting ones, from 0. */
  moveJob: call(z.object({ jobId: id, toIndex: z.number().int().nonnegative() }), done),
  pauseQueue: call(z.object({ isPaused: z.boolean() }), done),
  /** Ends the ranks and frees GPU memory. */
  unloadEngine: call(nothing, done),

  /** Hides them in the library immediately and moves them to the system's trash a minute later unless restored. */
  discardVideos: call(z.object({ videoIds }), done),
  restoreVideos: call(z.object({ videoIds }), done),
  /** Saves a frame as an image in the data folder, for image-to-video, and returns its path; null: the last frame. */
  saveVideoFrame: call(z.object({ videoId: id, frame: z.number().int().nonnegative().nullable() }), z.string()),
  markVideos: call(z.object({ videoIds, change: marksChangeSchema }), done),
  /** Asks for the target and resolves with the copy's path once it is complete; null if canceled. */
  exportVideo: call(z.object({ videoId: id, request: exportRequestSchema }), z.string().nullable()),
  /** Asks for a folder. Resolves with the finished copies, fewer after a cancel; null if none was started. */
  exportVideos: call(
    z.object({ videoIds, request: exportRequestSchema }),
    z.object({ folder: z.string(), count: z.number().int() }).nullable(),
  ),
  cancelExport: call(z.object({ exportId: id }), done),
  saveVideoAs: call(z.object({ videoId: id }), z.string().nullable()),
  showVideoInFolder: call(z.object({ videoId: id }), done),
  /** Starts a drag of the files out of the window, from a dragstart that was prevented. */
  dragVideos: call(z.object({ videoIds }), done),
  /** A file that the user dropped, or chooses where path is null, to play next to others; null when canceled. */
  openVideoFile: call(z.object({ path: droppedPath }), guestVideoSchema.nullable()),
  /** Settings of a video file that the user dropped or chose: asks for a file where path is null. */
  readVideoSettings: call(z.object({ path: droppedPath }), videoMetadataSchema.nullable()),

  rememberPrompt: call(usedPromptSchema.omit({ usedAtMs: true }), done),
  /** Null: all of them. */
  forgetPrompt: call(z.object({ prompt: usedPromptSchema.shape.prompt.nullable() }), done),
  savePreset: call(presetSchema, done),
  removePreset: call(presetSchema.pick({ name: true }), done),
  /** Asks where; null when canceled. */
  exportPresets: call(nothing, z.string().nullable()),
  /** How many were added from a file that the user dropped, or chooses where path is null; null when canceled. */
  importPresets: call(z.object({ path: droppedPath }), z.number().nullable()),
  /** The text of a file of prompts, one on each line: dropped, or chosen where path is null; null when canceled. */
  readPromptFile: call(z.object({ path: droppedPath }), z.string().nullable()),

  /** Asks in a system dialog unless it is turned off; false if the user declines. */
  setRewriter: call(rewriterSchema, z.boolean()),
  /** Null: none. The key never comes back to the window. */
  setRewriterKey: call(z.object({ key: apiKeySchema.nullable() }), done),
  /** The rewritten prompt; null where it was canceled. `modelId`: whose limits it keeps to. */
  rewritePrompt: call(
    z.object({ modelId: id.nullable(), text: usedPromptSchema.shape.prompt }),
    usedPromptSchema.shape.prompt.nullable(),
  ),
  cancelRewrite: call(nothing, done),

  saveDiagnostics: call(z.object({ includePrompts: z.boolean() }), z.string().nullable()),
  readLogTail: call(nothing, z.string()),
  openLogsFolder: call(nothing, done),
  /** The licenses of everything in the package; null in a checkout. */
  readNotices: call(nothing, z.string().nullable()),
  /** Shows the CycloneDX file of the package in its folder. */
  showBillOfMaterials: call(nothing, done),
  openLink: call(z.object({ link: z.enum(LINK_IDS) }), done),
  copyText: call(z.object({ text: z.string().max(100_000) }), done),
  dismissNotice: call(z.object({ noticeId: id }), done),
} as const;

export type CallName = keyof typeof calls;
export type CallInput<K extends CallName> = z.infer<(typeof calls)[K]['input']>;
export type CallOutput<K extends CallName> = z.infer<(typeof calls)[K]['output']>;

/** What the preload exposes: the contract with answers and changes as text. `window.splitreel` is made from it. */
export type SplitreelBridge = Readonly<Record<CallName, (input?: unknown) => Promise<Texts>>> & {
  readonly onSliceChanged: (listener: (change: Texts) => void) => () => void;
  readonly pathOfDroppedFile: (file: DroppedFile) => string;
};

/** `window.splitreel`: one function per call, and a subscription. */
export type SplitreelApi = {
  readonly [K in CallName]: (
    ...args: undefined extends CallInput<K> ? [] : [input: CallInput<K>]
  ) => Promise<Result<CallOutput<K>, AppError>>;
} & {
  /** Calls back with every slice that changes; returns a function that stops it. */
  readonly onSliceChanged: (listener: (change: SliceChanged) => void) => () => void;
  /** The path of a file that the user dropped on the window, for readVideoSettings and images. */
  readonly pathOfDroppedFile: (file: DroppedFile) => string;
};

/** The part of a DOM File that is used here: shared code has no DOM types. */
export interface DroppedFile {
  readonly name: string;
  readonly size: number;
}
