/**
 * The queue: jobs in order, one with the worker at a time. What the window is told has been written down first, so a
 * job that was promised outlives any end of the app. States change by the shared machine and in no other way.
 */
import path from 'node:path';
import { z } from 'zod';
import type { Device } from '../../shared/device';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { jobSchema, transition, type Job, type JobEvent, type JobProgress } from '../../shared/job';
import { inTurn } from '../../shared/in-turn';
import type { Machine } from '../../shared/machine';
import type { ModelEntry } from '../../shared/models';
import type { JobReport, WorkerCommand, WorkerEvent } from '../../shared/protocol';
import type { Clock } from '../ports/clock';
import { fileErrorCode, type Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { Random } from '../ports/random';
import type { JsonStore } from '../state/json-store';
import { isActive, moved, trimmed } from './job-list';
import { outputPaths } from './output-path';
import { applyProgress, startProgress, withRanks, type TailMs } from './progress';
import { validateJob, type JobInput, type ValidJob } from './validate';

export const jobsFileSchema = z.object({ version: z.literal(1), jobs: z.array(jobSchema) });
export type JobsFile = z.infer<typeof jobsFileSchema>;
export const NO_JOBS: JobsFile = { version: 1, jobs: [] };

/** A finished video is a few megabytes; this is room for it, its half-written self and the stores. */
const MIN_FREE_BYTES = 200 * 1_048_576;
/** Progress is pushed at most this often: a window shows no more, and a flood of events must not drown it. */
const PROGRESS_INTERVAL_MS = 50;

export interface QueuePorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: JsonStore<JobsFile>;
  readonly engine: { readonly isReady: () => boolean; readonly send: (command: WorkerCommand) => boolean };
  readonly machine: () => Machine;
  readonly models: () => readonly ModelEntry[];
  readonly videosFolder: () => string;
  readonly previewsFolder: string;
  /** Decoding and writing of a video of this size, from earlier jobs. */
  readonly tailMs: (job: Job) => TailMs;
  /** Takes finished files into the library; resolves with their ids. */
  readonly addVideos: (paths: readonly string[]) => Promise<readonly string[]>;
}

export interface QueueOptions {
  readonly onJobs: (jobs: readonly Job[]) => void;
  readonly onProgress: (progress: JobProgress | null) => void;
  readonly onFinished: (job: Job, report: JobReport) => void;
}

export interface Queue {
  readonly enqueue: (input: JobInput) => Promise<string>;
  readonly cancel: (jobId: string) => Promise<void>;
  readonly retry: (jobId: string) => Promise<void>;
  readonly remove: (jobId: string) => Promise<void>;
  readonly move: (jobId: string, toIndex: number) => Promise<void>;
  readonly handleEvent: (event: WorkerEvent) => void;
  readonly handleLost: (error: AppError) => void;
  /** Starts the first that waits, where nothing runs and the engine can take it. */
  readonly advance: () => void;
  /** Before the app leaves: what runs is marked, nothing more is started. */
  readonly close: () => Promise<void>;
}

export async function openQueue(ports: QueuePorts, options: QueueOptions): Promise<Queue> {
  const { store, log, engine } = ports;
  let jobs: readonly Job[] = store.value().jobs;
  let progress: JobProgress | null = null;
  let outputs: readonly string[] = [];
  let made: string[] = [];
  let ranks: readonly { readonly rank: number; readonly device: Device }[] = [];
  let isClosed = false;
  let isStarting = false;
  let stopPush: (() => void) | null = null;
  const change = inTurn();
  const commit = async (next: readonly Job[]): Promise<void> => {
    await store.save({ version: 1, jobs: [...next] });
    jobs = next;
    options.onJobs(jobs);
  };
  const apply = async (jobId: string, event: JobEvent): Promise<Job | null> => {
    const job = jobs.find(({ id }) => id === jobId);
    if (job === undefined) throw new SplitreelError(appError('JOB_NOT_FOUND'));
    const state = transition(job.state, event);
    if (state === job.state) return null;
    const changed = { ...job, state };
    await commit(jobs.map((other) => (other.id === jobId ? changed : other)));
    return changed;
  };
  const inBackground = (run: () => Promise<unknown>): void => {
    change(run).catch((error: unknown) => log.error('a job could not be kept', error));
  };

  const pushProgress = (): void => {
    stopPush ??= ports.clock.after(PROGRESS_INTERVAL_MS, () => {
      stopPush = null;
      options.onProgress(progress);
    });
  };
  const setProgress = (next: JobProgress | null): void => {
    if (next === progress) return;
    progress = next;
    pushProgress();
  };

  const startJob = async (job: Job): Promise<void> => {
    const valid = validateJob(job, { models: ports.models(), machine: ports.machine() });
    if (!valid.ok) {
      await apply(job.id, { type: 'failed', error: valid.error });
      return;
    }
    const problem = await checkFolder(ports);
    if (problem !== null) {
      await apply(job.id, { type: 'failed', error: problem });
      return;
    }
    const { request } = job;
    const seeds = Array.from({ length: request.videoCount }, (_, index) => request.seed + index);
    const folder = ports.videosFolder();
    await ports.files.makeFolder(folder);
    outputs = await outputPaths(ports.files, folder, request.prompt, seeds);
    made = [];
    const previewFolder = path.join(ports.previewsFolder, job.id);
    await ports.files.remove(ports.previewsFolder);
    await ports.files.makeFolder(previewFolder);
    await apply(job.id, { type: 'started' });
    setProgress(withRanks(startProgress(job.id, request.videoCount, request.numInferenceSteps), ranks));
    const command = startCommand(job, valid.value, outputs, previewFolder);
    if (!engine.send(command))
      await apply(job.id, { type: 'failed', error: appError('WORKER_DIED', { cause: 'it was not there' }) });
  };

  const advance = (): void => {
    if (isClosed || isStarting || !engine.isReady()) return;
    isStarting = true;
    inBackground(async () => {
      try {
        const next = jobs.find(({ state }) => state.status === 'queued');
        if (isClosed || jobs.some(isActive) || next === undefined) return;
        await startJob(next).catch(async (error: unknown) => {
          await apply(next.id, { type: 'failed', error: folderError(error, ports.videosFolder()) });
        });
      } finally {
        isStarting = false;
      }
      // One that failed before it began makes way for the next.
      if (!jobs.some(isActive) && jobs.some(({ state }) => state.status === 'queued')) advance();
    });
  };

  const end = (jobId: string, event: () => Promise<JobEvent>): void => {
    inBackground(async () => {
      if (!jobs.some(({ id }) => id === jobId)) return;
      const ended = await apply(jobId, await event());
      if (ended?.state.status === 'finished') options.onFinished(ended, ended.state.report);
      advance();
    });
  };

  const handleEvent = (event: WorkerEvent): void => {
    if (event.type === 'engineStateChanged') {
      ranks = event.ranks;
      if (progress !== null && jobs.some(isActive)) setProgress(withRanks(progress, ranks));
      advance();
      return;
    }
    if (!('jobId' in event)) return;
    const job = jobs.find(({ id }) => id === event.jobId);
    if (job === undefined) return;
    if (progress !== null) setProgress(applyProgress(progress, event, { tailMs: ports.tailMs(job), dp: job.plan.dp }));
    switch (event.type) {
      case 'videoFinished':
        made.push(event.path);
        return;
      case 'jobFinished': {
        const paths = made.filter((file) => outputs.includes(file));
        end(event.jobId, async () => ({
          type: 'finished',
          videoIds: await ports.addVideos(paths),
          report: event.report,
        }));
        return;
      }
      case 'jobFailed':
        end(event.jobId, () => Promise.resolve({ type: 'failed', error: event.error }));
        return;
      case 'jobCancelled':
        end(event.jobId, () => Promise.resolve({ type: 'cancelled' }));
        return;
      default:
        return;
    }
  };

  // What was running when the app ended without warning is said to be so before anything else happens.
  const interrupted = jobs.map((job) => ({ ...job, state: transition(job.state, { type: 'interrupted' }) }));
  if (jobs.some(isActive)) await commit(interrupted);
  else options.onJobs(jobs);

  return {
    enqueue: (input) =>
      change(async () => {
        const valid = validateJob(input, { models: ports.models(), machine: ports.machine() });
        if (!valid.ok) throw new SplitreelError(valid.error);
        const job: Job = {
          id: ports.random.id(),
          createdAtMs: ports.clock.wallMs(),
          request: input.request,
          plan: input.plan,
          devices: [...valid.value.devices],
          state: { status: 'queued' },
        };
        await commit(trimmed([...jobs, job]));
        return job.id;
      }).finally(advance),
    cancel: (jobId) =>
      change(async () => {
        const changed = await apply(jobId, { type: 'cancelRequested' });
        if (changed?.state.status === 'cancelling') engine.send({ type: 'cancelJob', jobId });
      }),
    retry: (jobId) =>
      change(async () => {
        const changed = await apply(jobId, { type: 'retried' });
        // A retried job waits behind those that were waiting already.
        if (changed !== null) await commit([...jobs.filter(({ id }) => id !== jobId), changed]);
      }).finally(advance),
    remove: (jobId) =>
      change(async () => {
        const job = jobs.find(({ id }) => id === jobId);
        if (job === undefined || isActive(job)) return;
        await commit(jobs.filter((other) => other !== job));
      }),
    move: (jobId, toIndex) =>
      change(async () => {
        await commit(moved(jobs, jobId, toIndex));
      }),
    handleEvent,
    handleLost: (error) => {
      ranks = [];
      for (const job of jobs.filter(isActive))
        end(job.id, () =>
          Promise.resolve(job.state.status === 'cancelling' ? { type: 'cancelled' } : { type: 'failed', error }),
        );
    },
    advance,
    close: async () => {
      isClosed = true;
      stopPush?.();
      await change(async () => {
        for (const job of jobs.filter(isActive)) await apply(job.id, { type: 'interrupted' });
      });
    },
  };
}

function startCommand(
  job: Job,
  { model, devices }: ValidJob,
  outputs: readonly string[],
  previewFolder: string,
): WorkerCommand {
  const {
    modelId: _modelId,
    prompt,
    negativePrompt,
    imagePath,
    seed,
    videoCount: _videoCount,
    ...settings
  } = job.request;
  return {
    type: 'startJob',
    jobId: job.id,
    modelId: model.id,
    modelPath: model.path,
    settings,
    videos: outputs.map((outputPath, index) => ({ prompt, negativePrompt, imagePath, seed: seed + index, outputPath })),
    plan: job.plan,
    devices: [...devices],
    previewFolder,
  };
}

async function checkFolder({ files, videosFolder }: QueuePorts): Promise<AppError | null> {
  const folder = videosFolder();
  if (!(await files.canWrite(folder))) return appError('OUTPUT_NOT_WRITABLE', { folder });
  const free = await files.freeBytes(folder);
  if (free >= MIN_FREE_BYTES) return null;
  return appError('DISK_FULL', { folder, needed: megabytes(MIN_FREE_BYTES), free: megabytes(free) });
}

const megabytes = (bytes: number): string => `${String(Math.round(bytes / 1_048_576))} MB`;

export function folderError(error: unknown, folder: string): AppError {
  if (error instanceof SplitreelError) return error.error;
  const code = fileErrorCode(error);
  if (code === 'ENOSPC') return appError('DISK_FULL', { folder, needed: megabytes(MIN_FREE_BYTES), free: '0 MB' });
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOTDIR')
    return appError('OUTPUT_NOT_WRITABLE', { folder });
  return appError('INTERNAL', { problem: error instanceof Error ? error.message : String(error) });
}
