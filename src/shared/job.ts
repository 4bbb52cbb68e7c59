/** Jobs as a pure state machine, and what is known of their progress. The main process owns both. */
import { z } from 'zod';
import { continuedVideoSchema } from './continuation';
import { deviceListSchema, deviceSchema } from './device';
import { appErrorSchema, type AppError } from './errors';
import { planSchema } from './plan';
import { jobReportSchema, stageSchema, type JobReport } from './protocol';
import { generateRequestSchema } from './sampling';
import { assertNever } from './result';

/** What has become of a continuation: one video with the one that it continues, or why there is none. */
export const jobJoinSchema = z.object({
  partId: z.string(),
  joinedId: z.string().nullable(),
  error: appErrorSchema.nullable(),
});
export type JobJoin = z.infer<typeof jobJoinSchema>;

export const jobStateSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('queued') }),
  z.object({ status: z.literal('running') }),
  z.object({ status: z.literal('canceling') }),
  z.object({
    status: z.literal('finished'),
    videoIds: z.array(z.string()),
    report: jobReportSchema,
    joins: z.array(jobJoinSchema).optional(),
  }),
  z.object({ status: z.literal('failed'), error: appErrorSchema }),
  z.object({ status: z.literal('canceled') }),
  /** It was running when the app ended without warning. */
  z.object({ status: z.literal('interrupted') }),
]);
export type JobState = z.infer<typeof jobStateSchema>;

export type JobEvent =
  | { readonly type: 'started' }
  | { readonly type: 'cancelRequested' }
  | { readonly type: 'finished'; readonly videoIds: readonly string[]; readonly report: JobReport }
  | { readonly type: 'joined'; readonly join: JobJoin }
  | { readonly type: 'failed'; readonly error: AppError }
  | { readonly type: 'canceled' }
  | { readonly type: 'interrupted' }
  | { readonly type: 'retried' };

const isOver = (state: JobState): boolean =>
  state.status === 'finished' ||
  state.status === 'failed' ||
  state.status === 'canceled' ||
  state.status === 'interrupted';

/**
 * The state after an event. An event that makes no sense in a state leaves it as it is, the same object: a second
 * cancel, a finish that arrives after the end.
 */
export function transition(state: JobState, event: JobEvent): JobState {
  switch (event.type) {
    case 'started':
      return state.status === 'queued' ? { status: 'running' } : state;
    case 'cancelRequested':
      if (state.status === 'queued') return { status: 'canceled' };
      return state.status === 'running' ? { status: 'canceling' } : state;
    case 'finished':
      // A finish that wins the race against a cancel counts: the video is there.
      if (state.status !== 'running' && state.status !== 'canceling') return state;
      return { status: 'finished', videoIds: [...event.videoIds], report: event.report };
    case 'joined': {
      if (state.status !== 'finished') return state;
      const { joins = [] } = state;
      const isKnown = joins.some(({ partId }) => partId === event.join.partId);
      return isKnown ? state : { ...state, joins: [...joins, event.join] };
    }
    case 'failed':
      return isOver(state) ? state : { status: 'failed', error: event.error };
    case 'canceled':
      return state.status === 'running' || state.status === 'canceling' ? { status: 'canceled' } : state;
    case 'interrupted':
      return state.status === 'running' || state.status === 'canceling' ? { status: 'interrupted' } : state;
    case 'retried':
      return isOver(state) && state.status !== 'finished' ? { status: 'queued' } : state;
    default:
      return assertNever(event);
  }
}

/** What a finished job has to show: joined videos in place of their last parts. */
export const resultIds = ({ videoIds, joins = [] }: Extract<JobState, { readonly status: 'finished' }>): string[] =>
  videoIds.map((id) => joins.find(({ partId }) => partId === id)?.joinedId ?? id);

/** What a user asks for: a request, how it is split, and on what. */
export const jobInputSchema = z.object({
  request: generateRequestSchema,
  plan: planSchema,
  devices: deviceListSchema,
  continues: continuedVideoSchema.optional(),
});
export type JobInput = z.infer<typeof jobInputSchema>;

export const jobSchema = jobInputSchema.extend({
  id: z.string(),
  /** Wall-clock, for display only: order is the order of the queue. */
  createdAtMs: z.number(),
  state: jobStateSchema,
});
export type Job = z.infer<typeof jobSchema>;

const stageProgressSchema = z.object({
  stage: stageSchema,
  status: z.enum(['waiting', 'running', 'finished']),
  completed: z.number(),
  total: z.number(),
  /** Measured by the worker's monotonic clock. */
  elapsedMs: z.number(),
});
export type StageProgress = z.infer<typeof stageProgressSchema>;

export const jobProgressSchema = z.object({
  jobId: z.string(),
  /** One entry per video of the job, each with every stage in order. */
  videos: z.array(
    z.object({
      stages: z.array(stageProgressSchema),
      previewUrl: z.string().nullable(),
      previewStep: z.number().nullable(),
      /** Of the finished video, which is in the library before its job has ended. */
      videoId: z.string().nullable(),
      error: appErrorSchema.nullable(),
    }),
  ),
  ranks: z.array(
    z.object({
      rank: z.number(),
      device: deviceSchema,
      stage: stageSchema.nullable(),
      completed: z.number(),
      total: z.number(),
    }),
  ),
  /** Mean of the measured steps; null until two are done. */
  msPerStep: z.number().nullable(),
  /** From measured steps of this job and measured decoding and writing of earlier ones; null while unknown. */
  msLeft: z.number().nullable(),
});
export type JobProgress = z.infer<typeof jobProgressSchema>;
