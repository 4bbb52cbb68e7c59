/**
 * The jobs, in memory and on disk. Changes are applied one by one; states change only through the shared state machine.
 */
import { z } from 'zod';
import { appError, SplitreelError } from '../../shared/errors';
import { sequentially } from '../../shared/sequentially';
import { jobSchema, transition, type Job, type JobEvent } from '../../shared/job';
import { writeError } from '../ports/files';
import type { Log } from '../ports/log';
import type { JsonStore } from '../state/json-store';

export const jobsFileSchema = z.object({
  version: z.literal(1),
  jobs: z.array(jobSchema),
  isPaused: z.boolean().default(false),
});
export type JobsFile = z.infer<typeof jobsFileSchema>;
export const NO_JOBS: JobsFile = { version: 1, jobs: [], isPaused: false };

export interface JobStore {
  readonly get: () => readonly Job[];
  readonly find: (jobId: string) => Job | undefined;
  readonly isPaused: () => boolean;
  readonly pause: (isPaused: boolean) => Promise<void>;
  /** Runs changes one after another. */
  readonly sequentially: <T>(run: () => Promise<T>) => Promise<T>;
  /** On disk before it resolves, so that an accepted job survives a crash. Throws DISK_FULL and the like. */
  readonly accept: (next: readonly Job[]) => Promise<void>;
  /**
   * The event has already happened, so the list changes even if it can't be saved. It is saved first if possible;
   * otherwise the store tries again later.
   */
  readonly record: (next: readonly Job[]) => Promise<void>;
  /** The job after the event; null if the event doesn't apply to it. */
  readonly apply: (jobId: string, event: JobEvent) => Promise<Job | null>;
  /**
   * Like `apply`, but saved afterwards. For a start, which must not wait for the disk: after a crash in between, the
   * job is still queued and starts again.
   */
  readonly applyAtOnce: (jobId: string, event: JobEvent) => void;
}

export interface JobStoreOptions {
  /** Where they are saved, for errors. */
  readonly folder: string;
  readonly log: Log;
  readonly onJobs: (jobs: readonly Job[]) => void;
  readonly onPaused: (isPaused: boolean) => void;
}

export function createJobStore(
  store: JsonStore<JobsFile>,
  { folder, log, onJobs, onPaused }: JobStoreOptions,
): JobStore {
  let jobs: readonly Job[] = store.value().jobs;
  const save = (next: readonly Job[], isPaused = store.value().isPaused): Promise<void> =>
    store.save({ version: 1, jobs: [...next], isPaused });
  const adopt = (next: readonly Job[]): void => {
    jobs = next;
    onJobs(jobs);
  };
  const record = async (next: readonly Job[]): Promise<void> => {
    await save(next).catch((error: unknown) => log.error('jobs could not be saved yet', error));
    adopt(next);
  };
  return {
    get: () => jobs,
    find: (jobId) => jobs.find(({ id }) => id === jobId),
    isPaused: () => store.value().isPaused,
    pause: async (isPaused) => {
      // It applies for this session even if it can't be saved now.
      await save(jobs, isPaused).catch((error: unknown) => log.error('the pause could not be saved yet', error));
      onPaused(isPaused);
    },
    sequentially: sequentially(),
    accept: async (next) => {
      try {
        await save(next);
      } catch (error) {
        // A refused change must not be written later.
        save(jobs).catch(() => undefined);
        throw new SplitreelError(writeError(error, folder));
      }
      adopt(next);
    },
    record,
    apply: async (jobId, event) => {
      const change = changeOf(jobs, jobId, event);
      if (change === null) return null;
      await record(change.jobs);
      return change.job;
    },
    applyAtOnce: (jobId, event) => {
      const change = changeOf(jobs, jobId, event);
      if (change === null) return;
      adopt(change.jobs);
      save(change.jobs).catch((error: unknown) => log.error('jobs could not be saved yet', error));
    },
  };
}

/** The list with the job after the event; null if the event doesn't apply to it. */
function changeOf(
  jobs: readonly Job[],
  jobId: string,
  event: JobEvent,
): { readonly job: Job; readonly jobs: readonly Job[] } | null {
  const job = jobs.find(({ id }) => id === jobId);
  if (job === undefined) throw new SplitreelError(appError('JOB_NOT_FOUND'));
  const state = transition(job.state, event);
  if (state === job.state) return null;
  const changed = { ...job, state };
  return { job: changed, jobs: jobs.map((other) => (other === job ? changed : other)) };
}
