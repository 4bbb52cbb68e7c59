/**
 * Messages between the app and the downloader (python/splitreel/store/hub): newline-delimited JSON, commands on stdin,
 * events on EVENT_FD. python/splitreel/contract/downloads.py is generated from them. Also the window's view of
 * downloads.
 */
import { z } from 'zod';
import { appErrorSchema } from './errors';

const bytes = z.number().int().nonnegative();
const speed = z.number().nonnegative();
const count = z.number().int().nonnegative();

export const hubCommandSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('configure'),
    endpoint: z.string().nullable().describe("a mirror's address; null for huggingface.co itself"),
    token: z.string().nullable().meta({ secret: true }),
    tokenForMirror: z.boolean(),
    bytesPerSecond: z.number().int().nullable().describe('null for no limit'),
  }),
  z
    .object({ type: z.literal('inspect'), requestId: z.string(), repo: z.string(), revision: z.string() })
    .describe('Asks what a download would fetch.'),
  z.object({
    type: z.literal('download'),
    modelId: z.string(),
    repo: z.string(),
    revision: z.string(),
    folder: z.string(),
    finalFolder: z.string().describe('what `folder` is renamed to when it is whole; the same for a repair in place'),
    recordFile: z.string().describe('records what was verified; it may be in `folder`'),
  }),
  z.object({ type: z.literal('pause'), modelId: z.string() }),
  z.object({
    type: z.literal('verify'),
    modelId: z.string(),
    folder: z.string(),
    recordFile: z.string(),
    everything: z.boolean().describe('also files whose size and time have not changed since they were verified'),
  }),
]);
export type HubCommand = z.infer<typeof hubCommandSchema>;

export const DOWNLOAD_STAGES = ['listing', 'fetching', 'waiting', 'verifying'] as const;

export const hubEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hubReady'), versions: z.record(z.string(), z.string()) }),
  z.object({
    type: z.literal('inspected'),
    requestId: z.string(),
    commit: z.string(),
    fileCount: count,
    totalBytes: bytes,
  }),
  z.object({ type: z.literal('inspectFailed'), requestId: z.string(), error: appErrorSchema }),
  z.object({
    type: z.literal('downloadProgressed'),
    modelId: z.string(),
    stage: z.enum(DOWNLOAD_STAGES),
    doneBytes: bytes,
    totalBytes: bytes,
    bytesPerSecond: speed,
    secondsLeft: speed.nullable(),
  }),
  z.object({ type: z.literal('downloadPaused'), modelId: z.string() }),
  z.object({ type: z.literal('downloadFinished'), modelId: z.string(), folder: z.string() }),
  z.object({ type: z.literal('downloadFailed'), modelId: z.string(), error: appErrorSchema }),
  z.object({ type: z.literal('verifyProgressed'), modelId: z.string(), doneBytes: bytes, totalBytes: bytes }),
  z.object({
    type: z.literal('verified'),
    modelId: z.string(),
    fileCount: count,
    known: count.describe('files whose hash Hugging Face publishes; the others are held to their first verification'),
    damaged: z.array(z.string()),
    repo: z.string().nullable().describe('where damaged files can be fetched again'),
    commit: z.string().nullable(),
  }),
  z.object({ type: z.literal('verifyFailed'), modelId: z.string(), error: appErrorSchema }),
]);
export type HubEvent = z.infer<typeof hubEventSchema>;

const progressSchema = z.object({
  doneBytes: bytes,
  totalBytes: bytes,
  bytesPerSecond: speed,
  secondsLeft: speed.nullable(),
});

/** A download as the window sees it; it is listed until its model is complete or the download is discarded. */
export const downloadSchema = z.object({
  modelId: z.string(),
  /** True: an existing model is being repaired, and stays if this is canceled. */
  isRepair: z.boolean(),
  state: z.discriminatedUnion('status', [
    z.object({ status: z.literal('running'), stage: z.enum(DOWNLOAD_STAGES) }),
    z.object({ status: z.literal('paused') }),
    z.object({ status: z.literal('failed'), error: appErrorSchema }),
  ]),
  progress: progressSchema.nullable(),
});
export type Download = z.infer<typeof downloadSchema>;

/** The requirements of a download, before it starts. */
export const downloadOfferSchema = z.object({
  fileCount: count,
  totalBytes: bytes,
  /** From an earlier, unfinished download. */
  doneBytes: bytes,
  freeBytes: bytes,
  folder: z.string(),
});
export type DownloadOffer = z.infer<typeof downloadOfferSchema>;

/** Where models come from and where they are kept. */
export const hubStateSchema = z.object({
  isSignedIn: z.boolean(),
  /** False: this system has no keychain, and the token is forgotten when the app is closed. */
  isTokenKept: z.boolean(),
  modelsFolder: z.string(),
  /** On the disk of the models folder; null if unknown. */
  freeBytes: bytes.nullable(),
  /** While models are being moved to another folder. */
  moving: z.object({ modelId: z.string().nullable(), doneBytes: bytes, totalBytes: bytes }).nullable(),
});
export type HubState = z.infer<typeof hubStateSchema>;

/** No user name, password or query, because they would end up in other people's logs. */
const ADDRESS =
  /^(?:https:\/\/[A-Za-z0-9.-]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::(\d{1,5}))?(?:\/[\w./~-]*)?$/;

/** A mirror's address: https, or this computer itself. The downloader holds it to the same rule. */
export const isHubAddress = (text: string): boolean => {
  const match = ADDRESS.exec(text.trim());
  return match !== null && Number(match[1] ?? 443) <= 65_535;
};
