/**
 * The talk between the app and the Python supervisor: newline-delimited JSON, commands on its stdin, events on a
 * pipe of their own (file descriptor 3, because torch, NCCL and tqdm print to stdout). Python's side is
 * python/splitreel/contract/protocol.py; resources/golden/protocol.json has one example of each message, which both parse.
 */
import { z } from 'zod';
import { deviceListSchema, deviceSchema } from './device';
import { appErrorSchema, reasonSchema } from './errors';
import { planSchema } from './plan';
import { ATTENTION_KERNELS, videoSettingsSchema } from './request';

export const PROTOCOL_VERSION = 1;
/** A longer line is a fault, not a message; it bounds what a broken worker can make the app hold. */
export const MAX_LINE_BYTES = 1_048_576;
/** The supervisor sends a heartbeat each second. */
export const HEARTBEAT_INTERVAL_MS = 1_000;

export const STAGES = ['starting', 'loading', 'encoding', 'denoising', 'decoding', 'writing'] as const;
export const stageSchema = z.enum(STAGES);
export type Stage = z.infer<typeof stageSchema>;

const count = z.number().int().nonnegative();
const milliseconds = z.number().nonnegative();

export const workerVideoSchema = z.object({
  prompt: z.string(),
  negativePrompt: z.string(),
  seed: z.number().int().nonnegative(),
  imagePath: z.string().nullable(),
  /** Absolute; the file appears there by rename when it is whole, and never replaces one that is there. */
  outputPath: z.string(),
});

/** Commands, app to supervisor. */
export const workerCommandSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('startJob'),
    jobId: z.string(),
    modelId: z.string(),
    modelPath: z.string(),
    settings: videoSettingsSchema,
    videos: z.array(workerVideoSchema).min(1),
    plan: planSchema,
    devices: deviceListSchema,
    /** Folder for preview pictures (JPEG) of this job; null for none. */
    previewFolder: z.string().nullable(),
  }),
  z.object({ type: z.literal('cancelJob'), jobId: z.string() }),
  /** Ends the ranks and frees all that they hold; the next job starts cold. */
  z.object({ type: z.literal('unload') }),
  z.object({
    type: z.literal('countTokens'),
    requestId: z.string(),
    modelPath: z.string(),
    text: z.string(),
  }),
  z.object({ type: z.literal('shutdown') }),
]);
export type WorkerCommand = z.infer<typeof workerCommandSchema>;

export const stageReportSchema = z.object({ stage: stageSchema, durationMs: milliseconds });

/** Of the GPU's memory; on the CPU, of the process's resident set. */
export const stagePeakSchema = z.object({ stage: stageSchema, peakMemoryBytes: count });

export const rankReportSchema = z.object({
  rank: count,
  device: deviceSchema,
  peakMemoryBytes: count,
  stages: z.array(stagePeakSchema).default([]),
  /** What became of the text encoder once it had run, and the attention kernel that ran. */
  textEncoder: z.enum(['kept', 'offloaded', 'freed']).default('kept'),
  kernel: z.enum(ATTENTION_KERNELS).default('sdpa'),
});

export const jobReportSchema = z.object({
  totalMs: milliseconds,
  msPerStep: milliseconds,
  /** Bytes of weights read from disk for this job: 0 when the engine was warm. */
  weightBytesRead: count,
  stages: z.array(stageReportSchema),
  ranks: z.array(rankReportSchema),
});
export type JobReport = z.infer<typeof jobReportSchema>;

/** An attention kernel on this machine; `reason`: why it cannot be chosen, null where it can. */
export const kernelStateSchema = z.object({ kernel: z.enum(ATTENTION_KERNELS), reason: reasonSchema.nullable() });

const video = { jobId: z.string(), video: count };

/** Events, supervisor to app. Each line also carries `v` and a `seq` that counts from 1. */
export const workerEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    pid: count,
    versions: z.record(z.string(), z.string()),
  }),
  z.object({ type: z.literal('heartbeat') }),
  /** What the engine holds: `cold` no ranks, `warm` ranks with this model loaded, `busy` with a job. */
  z.object({
    type: z.literal('engineStateChanged'),
    state: z.enum(['importing', 'cold', 'warm', 'busy']),
    modelId: z.string().nullable(),
    ranks: z.array(z.object({ rank: count, pid: count, device: deviceSchema })),
  }),
  z.object({ type: z.literal('jobStarted'), jobId: z.string() }),
  z.object({ type: z.literal('stageStarted'), ...video, stage: stageSchema, total: count }),
  z.object({
    type: z.literal('stageProgressed'),
    ...video,
    stage: stageSchema,
    completed: count,
    total: count,
    elapsedMs: milliseconds,
  }),
  z.object({
    type: z.literal('stageFinished'),
    ...video,
    stage: stageSchema,
    durationMs: milliseconds,
  }),
  /** One lane per rank; what it has done of the stage it is in. */
  z.object({
    type: z.literal('rankProgressed'),
    jobId: z.string(),
    rank: count,
    stage: stageSchema,
    completed: count,
    total: count,
  }),
  z.object({ type: z.literal('previewMade'), ...video, step: count, path: z.string() }),
  /** The file is whole and in its place. */
  z.object({ type: z.literal('videoFinished'), ...video, path: z.string() }),
  z.object({ type: z.literal('videoFailed'), ...video, error: appErrorSchema }),
  /** Exactly one of the next three ends a job. */
  z.object({ type: z.literal('jobFinished'), jobId: z.string(), report: jobReportSchema }),
  z.object({ type: z.literal('jobFailed'), jobId: z.string(), error: appErrorSchema }),
  z.object({ type: z.literal('jobCancelled'), jobId: z.string() }),
  z.object({ type: z.literal('tokensCounted'), requestId: z.string(), tokens: count, max: count }),
  z.object({ type: z.literal('requestFailed'), requestId: z.string(), error: appErrorSchema }),
  /** Sent after `ready`, and again when a trial has shown something new. */
  z.object({ type: z.literal('kernelsFound'), kernels: z.array(kernelStateSchema) }),
  z.object({
    type: z.literal('logged'),
    level: z.enum(['info', 'warning', 'error']),
    message: z.string(),
  }),
]);
export type WorkerEvent = z.infer<typeof workerEventSchema>;

export const workerEventLineSchema = z.intersection(
  z.object({ v: z.literal(PROTOCOL_VERSION), seq: z.number().int().positive() }),
  workerEventSchema,
);
