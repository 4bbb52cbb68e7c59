/** Jobs as a pure state machine, and their progress. The main process owns both. */
import { z } from 'zod';
import { continuedVideoSchema } from './continuation';
import { deviceListSchema, deviceSchema } from './device';
import { appErrorSchema, type AppError } from './errors';
import { planSchema } from './plan';
import { jobReportSchema, stageSchema, type JobReport } from './protocol';
import { generateRequestSchema } from './sampling';
import { assertNever } from './result';

/** The result of joining a continuation: the joined video, or the reason why there is none. */
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
  /** The job was running when the app ended unexpectedly. */
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
 * The state after an event. An event that doesn't apply, such as a second cancel or a late finish, returns the same
 * state object.
 */
export function transition(state: JobState, event: JobEvent): JobState {
  switch (event.type) {
    case 'started':
      return state.status === 'queued' ? { status: 'running' } : state;
    case 'cancelRequested':
      if (state.status === 'queued') return { status: 'canceled' };
      return state.status === 'running' ? { status: 'canceling' } : state;
    case 'finished':
      // A finish that beats a cancel counts, because the video exists.
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

/** A finished job's results: joined videos replace their last parts. */
export const resultIds = ({ videoIds, joins = [] }: Extract<JobState, { readonly status: 'finished' }>): string[] =>
  videoIds.map((id) => joins.find(({ partId }) => partId === id)?.joinedId ?? id);

/** The job's input: a request, its split, and its devices. */
export const jobInputSchema = z.object({
  request: generateRequestSchema,
  plan: planSchema,
  devices: deviceListSchema,
  continues: continuedVideoSchema.optional(),
});
export type JobInput = z.infer<typeof jobInputSchema>;

export const jobSchema = jobInputSchema.extend({
  id: z.string(),
  /** Wall-clock time, for display only; jobs are ordered by the queue. */
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
