/** The queue: runs jobs in order, one at a time. However a job ends, the next one starts. */
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import type { Job, JobEvent, JobInput, JobProgress } from '../../shared/job';
import type { JobReport, WorkerCommand, WorkerEvent } from '../../shared/protocol';
import type { Clock } from '../ports/clock';
import { writeError } from '../ports/files';
import type { Log } from '../ports/log';
import type { Random } from '../ports/random';
import { isActive, isQueued, moved, trimmed } from './job-list';
import type { JobStore } from './job-store';
import type { TailMs } from './progress';
import { createRunningJob, type RunningJob } from './running-job';
import { prepareJob, type StartPorts } from './start-job';
import { validateJob } from './validate';

export interface QueuePorts extends StartPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly jobs: JobStore;
  readonly engine: { readonly isReady: () => boolean; readonly send: (command: WorkerCommand) => boolean };
  /** Time for decoding and writing a video of this size, from earlier jobs. */
  readonly tailMs: (job: Job) => TailMs;
  /** Adds finished files to the library; resolves with their ids. */
  readonly addVideos: (paths: readonly string[]) => Promise<readonly string[]>;
}

export interface QueueOptions {
  readonly onProgress: (progress: JobProgress | null) => void;
  /** A job has finished, failed or been canceled. `failures`: of single videos, if it finished without them. */
  readonly onEnded: (job: Job, failures: readonly AppError[]) => void;
}

export interface Queue {
  /** Adds all of them, or none if one isn't valid. Returns their ids in the same order. */
  readonly enqueue: (inputs: readonly JobInput[]) => Promise<readonly string[]>;
  readonly cancel: (jobId: string) => Promise<void>;
  readonly retry: (jobId: string) => Promise<void>;
  readonly remove: (jobId: string) => Promise<void>;
  readonly move: (jobId: string, toIndex: number) => Promise<void>;
  /** The running job continues; no other starts until the queue is resumed. */
  readonly pause: (isPaused: boolean) => Promise<void>;
  readonly handleEvent: (event: WorkerEvent) => void;
  readonly handleLost: (error: AppError) => void;
  /** Starts the first waiting job if nothing runs and the engine is ready. */
  readonly advance: () => void;
  /** Before the app quits: marks the running job as interrupted and starts nothing more. */
  readonly close: () => Promise<void>;
}

export async function openQueue(ports: QueuePorts, options: QueueOptions): Promise<Queue> {
  const { jobs } = ports;
  const running = createRunningJob({ ...ports, onProgress: options.onProgress });
  const runner = createRunner(ports, running, options.onEnded);
  // First mark jobs that were running when the app ended unexpectedly.
  await interruptAll(jobs);
  return {
    ...listCalls(ports, runner.advance),
    ...runner,
    close: async () => {
      runner.close();
      running.stop();
      await jobs.sequentially(() => interruptAll(jobs));
    },
  };
}

async function interruptAll(jobs: JobStore): Promise<void> {
  for (const job of jobs.get().filter(isActive)) await jobs.apply(job.id, { type: 'interrupted' });
}

type Runner = Pick<Queue, 'advance' | 'handleEvent' | 'handleLost'> & { readonly close: () => void };

/** Sends jobs to the worker one by one and handles its events. */
function createRunner(ports: QueuePorts, running: RunningJob, onEnded: QueueOptions['onEnded']): Runner {
  const { jobs, engine, log } = ports;
  let isClosed = false;
  let isStarting = false;
  const isRunning = (): boolean => jobs.get().some(isActive);
  const inBackground = (run: () => Promise<unknown>): void => {
    jobs.sequentially(run).catch((error: unknown) => log.error('a change of a job failed', error));
  };

  const startJob = async (job: Job): Promise<void> => {
    const { command, outputs } = await prepareJob(job, ports);
    jobs.applyAtOnce(job.id, { type: 'started' });
    running.start(job, outputs);
    if (!engine.send(command)) throw new SplitreelError(appError('WORKER_STOPPED'));
  };
  const startNext = async (): Promise<void> => {
    const next = jobs.get().find(isQueued);
    if (isClosed || jobs.isPaused() || isRunning() || next === undefined) return;
    await startJob(next).catch(async (error: unknown) => {
      const failed = await jobs.apply(next.id, { type: 'failed', error: writeError(error, ports.videosFolder()) });
      if (failed !== null) onEnded(failed, []);
    });
  };
  const advance = (): void => {
    if (isClosed || isStarting || !engine.isReady()) return;
    isStarting = true;
    inBackground(async () => {
      await startNext().finally(() => {
        isStarting = false;
      });
      // After a job that failed before it started, start the next one.
      if (!jobs.isPaused() && !isRunning() && jobs.get().some(isQueued)) advance();
    });
  };
  const end = (jobId: string, event: () => JobEvent | Promise<JobEvent>, failures: readonly AppError[] = []): void => {
    inBackground(async () => {
      try {
        if (jobs.find(jobId) === undefined) return;
        const ended = await jobs.apply(jobId, await event());
        if (ended !== null) onEnded(ended, failures);
      } finally {
        advance();
      }
    });
  };

  return {
    advance,
    close: () => {
      isClosed = true;
    },
    handleLost: (error) => {
      running.setRanks([], isRunning());
      for (const { id, state } of jobs.get().filter(isActive))
        end(id, () => (state.status === 'canceling' ? { type: 'canceled' } : { type: 'failed', error }));
    },
    handleEvent: (event) => {
      if (event.type === 'engineStateChanged') {
        running.setRanks(event.ranks, isRunning());
        advance();
        return;
      }
      const job = 'jobId' in event ? jobs.find(event.jobId) : undefined;
      if (job === undefined) return;
      running.handleEvent(job, event);
      if (event.type === 'videoFinished' && job.request.videoCount > 1) showEarly(ports, running, job, event);
      if (event.type === 'jobFinished') {
        const paths = running.madeFiles();
        end(job.id, () => finishedEvent(ports, paths, event.report), running.failures());
      } else if (event.type === 'jobFailed') end(job.id, () => ({ type: 'failed', error: event.error }));
      else if (event.type === 'jobCanceled') end(job.id, () => ({ type: 'canceled' }));
    },
  };
}

/** Each video of a job is shown as soon as it is finished. */
function showEarly(
  { addVideos, log }: QueuePorts,
  running: RunningJob,
  job: Job,
  { video, path }: Extract<WorkerEvent, { readonly type: 'videoFinished' }>,
): void {
  addVideos([path]).then(
    ([videoId]) => {
      if (videoId !== undefined) running.addVideo(job, video, videoId);
    },
    (error: unknown) => log.error('a finished video could not be shown yet', error),
  );
}

async function finishedEvent(
  { addVideos, log }: QueuePorts,
  paths: readonly string[],
  report: JobReport,
): Promise<JobEvent> {
  const videoIds = await addVideos(paths).catch((error: unknown) => {
    log.error('finished videos could not be added to the library', error);
    return [];
  });
  return { type: 'finished', videoIds, report };
}

type ListCalls = Pick<Queue, 'enqueue' | 'cancel' | 'retry' | 'remove' | 'move' | 'pause'>;

/** The user's actions on the list. */
function listCalls(ports: QueuePorts, advance: () => void): ListCalls {
  const { jobs, engine, random, clock } = ports;
  const newJob = (input: JobInput): Job => {
    const valid = validateJob(input, { models: ports.models(), machine: ports.machine() });
    if (!valid.ok) throw new SplitreelError(valid.error);
    return {
      id: random.id(),
      createdAtMs: clock.wallMs(),
      request: input.request,
      plan: input.plan,
      devices: [...valid.value.devices],
      ...(input.continues === undefined ? {} : { continues: input.continues }),
      state: { status: 'queued' },
    };
  };
  return {
    enqueue: (inputs) =>
      jobs
        .sequentially(async () => {
          const added = inputs.map(newJob);
          await jobs.accept(trimmed([...jobs.get(), ...added]));
          return added.map(({ id }) => id);
        })
        .finally(advance),
    cancel: (jobId) =>
      jobs.sequentially(async () => {
        const changed = await jobs.apply(jobId, { type: 'cancelRequested' });
        if (changed?.state.status === 'canceling') engine.send({ type: 'cancelJob', jobId });
      }),
    retry: (jobId) =>
      jobs
        .sequentially(async () => {
          const job = await jobs.apply(jobId, { type: 'retried' });
          // A retried job goes to the end of the queue.
          if (job !== null) await jobs.record([...jobs.get().filter((other) => other !== job), job]);
        })
        .finally(advance),
    remove: (jobId) =>
      jobs.sequentially(async () => {
        const job = jobs.find(jobId);
        if (job === undefined || isActive(job)) return;
        await jobs.record(jobs.get().filter((other) => other !== job));
      }),
    move: (jobId, toIndex) => jobs.sequentially(() => jobs.record(moved(jobs.get(), jobId, toIndex))),
    pause: (isPaused) => jobs.sequentially(() => jobs.pause(isPaused)).finally(advance),
  };
}
