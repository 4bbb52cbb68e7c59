/**
 * Messages between the app and the Python supervisor: newline-delimited JSON, commands on stdin, events on EVENT_FD.
 * python/splitreel/contract/protocol.py is generated from this file; resources/golden/protocol.json has an example of
 * each message, which both languages parse.
 */
import { z } from 'zod';
import { deviceListSchema, deviceSchema } from './device';
import { appErrorSchema, reasonSchema } from './errors';
import { PROTOCOL_VERSION } from './limits';
import { planSchema } from './plan';
import { kernelSchema, samplingParamsSchema } from './sampling';
import { stageSchema } from './stage';

export { STAGES, stageSchema, type Stage } from './stage';

export const textEncoderPolicySchema = z.enum(['kept', 'offloaded', 'freed']).meta({
  id: 'TextEncoderPolicy',
  description: 'What happens to the text encoder once it has run.',
});

const count = z.number().int().nonnegative();
const milliseconds = z.number().nonnegative();

export const workerVideoSchema = z
  .object({
    prompt: z.string(),
    negativePrompt: z.string(),
    seed: z.number().int().nonnegative(),
    imagePath: z.string().nullable(),
    outputPath: z.string().describe('absolute'),
    rewrittenFrom: z.string().nullable().default(null).describe('only for the metadata'),
  })
  .meta({
    id: 'WorkerVideo',
    description: 'One video of a job. The whole file appears at `outputPath` at once, and never replaces another.',
  });

/** Commands, app to supervisor. */
export const workerCommandSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('startJob'),
    jobId: z.string(),
    modelId: z.string(),
    modelPath: z.string(),
    settings: samplingParamsSchema,
    videos: z.array(workerVideoSchema).min(1),
    plan: planSchema,
    devices: deviceListSchema.describe('one for each rank'),
    previewFolder: z.string().nullable().describe('for JPEG previews; null for none'),
  }),
  z.object({ type: z.literal('cancelJob'), jobId: z.string() }),
  z
    .object({ type: z.literal('unload') })
    .describe('Ends the ranks and frees everything that they hold. The next job starts cold.'),
  z.object({
    type: z.literal('countTokens'),
    requestId: z.string(),
    modelPath: z.string(),
    text: z.string(),
  }),
  z.object({ type: z.literal('shutdown') }),
]);
export type WorkerCommand = z.infer<typeof workerCommandSchema>;

export const stageReportSchema = z.object({ stage: stageSchema, durationMs: milliseconds }).meta({ id: 'StageReport' });

export const stagePeakSchema = z.object({ stage: stageSchema, peakMemoryBytes: count }).meta({
  id: 'StagePeak',
  description: "Peak of the GPU's memory; on a CPU, of the process's resident set.",
});

export const rankReportSchema = z
  .object({
    rank: count,
    device: deviceSchema,
    peakMemoryBytes: count,
    stages: z.array(stagePeakSchema),
    textEncoder: textEncoderPolicySchema,
    kernel: kernelSchema,
  })
  .meta({ id: 'RankReport' });

export const jobReportSchema = z
  .object({
    totalMs: milliseconds,
    msPerStep: milliseconds,
    weightBytesRead: count.describe('from disk; 0 when the engine was warm'),
    stages: z.array(stageReportSchema),
    ranks: z.array(rankReportSchema),
    notices: z.array(z.string()).default([]).describe('sentences on kernels that did not run; each once per engine'),
  })
  .meta({ id: 'JobReport' });
export type JobReport = z.infer<typeof jobReportSchema>;

export const kernelStateSchema = z.object({ kernel: kernelSchema, reason: reasonSchema.nullable() }).meta({
  id: 'KernelState',
  description: 'An attention kernel on this machine. `reason`: why it cannot be chosen, null where it can.',
});

const video = { jobId: z.string(), video: count };

/** Events, supervisor to app. Each line also carries `v` and a `seq` that counts from 1. */
export const workerEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    pid: count,
    versions: z.record(z.string(), z.string()),
  }),
  z.object({ type: z.literal('heartbeat') }),
  z
    .object({
      type: z.literal('engineStateChanged'),
      state: z.enum(['importing', 'cold', 'warm', 'busy']),
      modelId: z.string().nullable(),
      ranks: z.array(z.object({ rank: count, pid: count, device: deviceSchema }).meta({ id: 'RunningRank' })),
    })
    .describe('`cold`: no ranks. `warm`: ranks with this model loaded. `busy`: ranks with a job.'),
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
  z
    .object({
      type: z.literal('rankProgressed'),
      jobId: z.string(),
      rank: count,
      stage: stageSchema,
      completed: count,
      total: count,
    })
    .describe('What one rank has done of its current stage.'),
  z.object({ type: z.literal('previewMade'), ...video, step: count, path: z.string() }),
  z
    .object({ type: z.literal('videoFinished'), ...video, path: z.string() })
    .describe('The file is whole and has its name.'),
  z.object({ type: z.literal('videoFailed'), ...video, error: appErrorSchema }),
  z
    .object({ type: z.literal('jobFinished'), jobId: z.string(), report: jobReportSchema })
    .describe('Exactly one of JobFinished, JobFailed and JobCanceled ends a job.'),
  z.object({ type: z.literal('jobFailed'), jobId: z.string(), error: appErrorSchema }),
  z.object({ type: z.literal('jobCanceled'), jobId: z.string() }),
  z.object({ type: z.literal('tokensCounted'), requestId: z.string(), tokens: count, max: count }),
  z.object({ type: z.literal('requestFailed'), requestId: z.string(), error: appErrorSchema }),
  z
    .object({
      type: z.literal('kernelsFound'),
      kernels: z.array(kernelStateSchema),
      hasOwnKernels: z
        .boolean()
        .describe("Splitreel's own kernels for blocks and the VAE run here, as far as is known."),
    })
    .describe('Sent after Ready, and again after each job, which may have tried kernels.'),
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
