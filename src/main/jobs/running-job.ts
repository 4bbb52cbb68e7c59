/** The running job: its files, and its progress, pushed at a rate that a window can show. */
import type { AppError } from '../../shared/errors';
import type { Job, JobProgress } from '../../shared/job';
import { worldSize } from '../../shared/plan';
import type { WorkerEvent } from '../../shared/protocol';
import type { Clock } from '../ports/clock';
import {
  applyProgress,
  notedFirstSteps,
  startProgress,
  withRanks,
  withVideo,
  type FirstSteps,
  type TailMs,
} from './progress';

/** Limits a burst of events to what a window can show. */
const PROGRESS_INTERVAL_MS = 50;

type Ranks = Extract<WorkerEvent, { readonly type: 'engineStateChanged' }>['ranks'];

export interface RunningJob {
  readonly start: (job: Job, outputs: readonly string[]) => void;
  readonly handleEvent: (job: Job, event: WorkerEvent) => void;
  /** The engine's ranks; empty without an engine. Only a running job shows lanes for its ranks. */
  readonly setRanks: (ranks: Ranks, isRunning: boolean) => void;
  /** A video of the job is in the library. */
  readonly addVideo: (job: Job, index: number, videoId: string) => void;
  /** Finished files of the request, in the order of their seeds: groups finish in any order. */
  readonly madeFiles: () => readonly string[];
  /** Errors of single videos, of which the others were made. */
  readonly failures: () => readonly AppError[];
  readonly stop: () => void;
}

export interface RunningJobOptions {
  readonly clock: Clock;
  /** Time for decoding and writing a video of this size, from earlier jobs. */
  readonly tailMs: (job: Job) => TailMs;
  readonly onProgress: (progress: JobProgress | null) => void;
}

export function createRunningJob({ clock, tailMs, onProgress }: RunningJobOptions): RunningJob {
  let progress: JobProgress | null = null;
  let ranks: Ranks = [];
  let rankCount = 0;
  let outputs: readonly string[] = [];
  let made: readonly string[] = [];
  let failures: readonly AppError[] = [];
  let firstSteps: FirstSteps = new Map();
  let stopPush: (() => void) | null = null;
  const setProgress = (next: JobProgress): void => {
    if (next === progress) return;
    progress = next;
    if (stopPush === null) push();
  };
  /** Calls immediately, then once per interval if called again meanwhile. */
  const push = (): void => {
    const pushed = progress;
    onProgress(pushed);
    stopPush = clock.after(PROGRESS_INTERVAL_MS, () => {
      stopPush = null;
      if (progress !== pushed) push();
    });
  };
  /** A job uses the first ranks; more may be warm from an earlier job. */
  const ranksOfJob = (): Ranks => ranks.filter(({ rank }) => rank < rankCount);
  return {
    start: (job, files) => {
      outputs = files;
      made = [];
      failures = [];
      firstSteps = new Map();
      const { videoCount, numInferenceSteps } = job.request;
      rankCount = worldSize(job.plan);
      setProgress(withRanks(startProgress(job.id, videoCount, numInferenceSteps), ranksOfJob()));
    },
    handleEvent: (job, event) => {
      if (event.type === 'videoFinished') made = [...made, event.path];
      if (event.type === 'videoFailed') failures = [...failures, event.error];
      if (progress?.jobId !== job.id) return;
      firstSteps = notedFirstSteps(firstSteps, event);
      setProgress(applyProgress(progress, event, { firstSteps, tailMs: tailMs(job), dp: job.plan.dp }));
    },
    setRanks: (next, isRunning) => {
      ranks = next;
      if (progress !== null && isRunning) setProgress(withRanks(progress, ranksOfJob()));
    },
    addVideo: (job, index, videoId) => {
      if (progress?.jobId === job.id) setProgress(withVideo(progress, index, videoId));
    },
    madeFiles: () => outputs.filter((file) => made.includes(file)),
    failures: () => failures,
    stop: () => stopPush?.(),
  };
}
