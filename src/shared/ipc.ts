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
import { settingsPatchSchema, settingsSchema } from './settings';
import { applyListPatch, type ListPatch } from './slice-patch';
import { LOCATION_NAMES, storageSchema } from './storage';
import { updatesSchema } from './updates';

/** Fixed https pages that the window may open, by id: never an address from the window. */
export const LINK_IDS = ['docs', 'issues', 'license', 'model2b', 'model5b', 'model15', 'driver', 'wsl'] as const;

const nothing = z.undefined();
const done = z.void();
const id = z.string().min(1).max(4_096);
/** At once: all of a large library. */
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
    /** Empty until the engine has looked. */
    kernels: z.array(kernelStateSchema),
    error: appErrorSchema.nullable(),
  }),
  models: z.array(modelEntrySchema),
  downloads: z.array(downloadSchema),
  hub: hubStateSchema,
  /** In queue order, finished ones included until they are cleared. */
  jobs: z.array(jobSchema),
  /** Paused: the running job goes on to its end, and no other starts. It stays paused after a restart. */
  queue: z.object({ isPaused: z.boolean() }),
  /** The job whose notification was clicked last, and how many clicks there were; null before the first. */
  clickedNotification: z.object({ jobId: z.string(), count: z.number().int() }).nullable(),
  /** Of the job that is running, or of the last one that ran; null before the first. */
  progress: jobProgressSchema.nullable(),
  /** Copies of videos that are being made. */
  exports: z.array(exportStateSchema),
  /** Newest first. */
  library: z.array(libraryVideoSchema),
  /** Prompts that were used, newest first. */
  promptHistory: z.array(usedPromptSchema),
  presets: z.array(presetSchema),
  /** Notices to show once: a store that was set aside, a job that was interrupted. */
  notices: z.array(z.object({ id, error: appErrorSchema })),
  /** What earlier videos took on this machine. */
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
      /** Decoding and writing of one video; null where it was not measured. */
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
    /** `official`, or `fallback` where the test runtime of another Electron serves; with one sentence about it. */
    runtime: z.object({ kind: z.enum(['official', 'fallback']), note: z.string() }),
    dataFolder: z.string(),
    videosFolder: z.string(),
    logsFolder: z.string(),
    platform: z.string(),
    /** False in a checkout, which has neither third-party notices nor a bill of materials. */
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

/** Lists that may grow long: pushed as patches, every other slice whole. */
export const LIST_SLICES = ['models', 'jobs', 'library'] as const satisfies readonly SliceName[];
export type ListSliceName = (typeof LIST_SLICES)[number];

/** A change of a slice. Revisions count up by one over all slices: after a gap the window asks for a snapshot. */
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

/** The slices after a change; null where it does not fit them. */
export function applyChange(slices: Slices, change: SliceChanged): Slices | null {
  if (!('patch' in change)) return { ...slices, [change.slice]: change.value };
  // Each list and its patch have items of one kind, which the compiler does not follow through a union.
  const before: readonly { readonly id: string }[] = slices[change.slice];
  const after = applyListPatch(before, change.patch);
  return after === null ? null : { ...slices, [change.slice]: after };
}

const call = <I extends z.ZodType, O extends z.ZodType>(
  input: I,
  output: O,
): { readonly input: I; readonly output: O } => ({
  input,
  output,
});

export const calls = {
  /** Parsed slice by slice when it is set (state/slice-store.ts), so that one bad value does not cost the whole window. */
  getSnapshot: call(
    nothing,
    z.custom<Snapshot>((value) => typeof value === 'object'),
  ),
  updateSettings: call(settingsPatchSchema, done),
  /** Null: huggingface.co. Asks in a dialog of the system; false when the user says no. */
  setMirror: call(z.object({ address: z.string().max(500).refine(isHubAddress).nullable() }), z.boolean()),
  setSendTokenToMirror: call(z.object({ isOn: z.boolean() }), z.boolean()),
  /** Null: the project's own feed. Asks in a dialog of the system; false when the user says no. */
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
  /** What an install would fetch, and where it needs room. */
  estimateInstall: call(nothing, installEstimateSchema),
  /** Asks for a folder that `npm run bundle` made and installs from it without a network; false when canceled. */
  installFromFolder: call(nothing, z.boolean()),
  installFromArchive: call(nothing, z.boolean()),
  chooseInstallFolder: call(nothing, z.boolean()),
  cancelInstall: call(nothing, done),
  rollBackEnvironment: call(nothing, done),
  removeEnvironment: call(nothing, done),
  /** Looks at driver, GPUs, links, environment, disk and models; findings come by the slice. */
  runDoctor: call(nothing, done),
  measureStorage: call(nothing, done),
  removeStorage: call(z.object({ id }), done),
  /** Asks for a folder, or goes back to the first one; false when the dialog is canceled. */
  moveStorage: call(z.object({ name: z.enum(LOCATION_NAMES), toDefault: z.boolean() }), z.boolean()),
  cancelMove: call(nothing, done),

  /** Asks for a folder, checks it, adds it; null when the dialog is canceled. */
  addModelFolder: call(nothing, z.object({ modelId: z.string() }).nullable()),
  /** Forgets a folder that was added; the folder itself stays. */
  forgetModel: call(z.object({ modelId: id }), done),
  recheckModel: call(z.object({ modelId: id }), done),
  /** Asks the hub what a download would take. */
  lookAtModel: call(z.object({ modelId: id }), downloadOfferSchema),
  /** Starts or resumes a download, or repairs a damaged model. */
  downloadModel: call(z.object({ modelId: id }), done),
  pauseDownload: call(z.object({ modelId: id }), done),
  /** Ends a download and removes what came of it. */
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

  /** All of them or, where one is not valid, none. */
  enqueueJobs: call(z.object({ jobs: z.array(jobInputSchema).min(1).max(MAX_JOBS_AT_ONCE) }), done),
  cancelJob: call(z.object({ jobId: id }), done),
  retryJob: call(z.object({ jobId: id }), done),
  /** Takes a job that is not running out of the list. */
  removeJob: call(z.object({ jobId: id }), done),
  /** Moves a waiting job to a place among the waiting ones, 0 first. */
  moveJob: call(z.object({ jobId: id, toIndex: z.number().int().nonnegative() }), done),
  pauseQueue: call(z.object({ isPaused: z.boolean() }), done),
  /** Ends the ranks and frees the memory of the GPUs. */
  unloadEngine: call(nothing, done),

  /** Out of the library at once, and in the system's bin a minute later unless they are restored. */
  discardVideos: call(z.object({ videoIds }), done),
  restoreVideos: call(z.object({ videoIds }), done),
  /** A frame as an image of the data folder, for image to video; null: the last one. Its path. */
  saveVideoFrame: call(z.object({ videoId: id, frame: z.number().int().nonnegative().nullable() }), z.string()),
  markVideos: call(z.object({ videoIds, change: marksChangeSchema }), done),
  /** Asks where to, and answers when the copy is there: its path, null where the user canceled. */
  exportVideo: call(z.object({ videoId: id, request: exportRequestSchema }), z.string().nullable()),
  /** Asks for a folder. The copies that were made, fewer than asked for after a cancel; null: none was started. */
  exportVideos: call(
    z.object({ videoIds, request: exportRequestSchema }),
    z.object({ folder: z.string(), count: z.number().int() }).nullable(),
  ),
  cancelExport: call(z.object({ exportId: id }), done),
  saveVideoAs: call(z.object({ videoId: id }), z.string().nullable()),
  showVideoInFolder: call(z.object({ videoId: id }), done),
  /** Starts a drag of the files out of the window, from a dragstart that was prevented. */
  dragVideos: call(z.object({ videoIds }), done),
  /** A file that the user dropped, or chooses where path is null, to play beside others; null when canceled. */
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

  saveDiagnostics: call(z.object({ includePrompts: z.boolean() }), z.string().nullable()),
  readLogTail: call(nothing, z.string()),
  openLogsFolder: call(nothing, done),
  /** The licenses of all that is in the package; null in a checkout. */
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

/** `window.splitreel`, as the preload exposes it: one function per call, and a subscription. */
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
