/** What the stage shows: one thing at a time, decided from main's slices. Pure. */
import type { Slices } from '../../../shared/ipc';
import { resultIds, type Job } from '../../../shared/job';
import type { LibraryVideo } from '../../../shared/library';
import { assertNever } from '../../../shared/result';

interface VideoView {
  readonly kind: 'video';
  readonly video: LibraryVideo;
  /** The job that made this video along with others to show; null for a job with one video. */
  readonly jobId: string | null;
  /** True for the newest video after a start, which the user didn't open. */
  readonly isPaused: boolean;
}

export type StageView =
  | VideoView
  /** Several videos of one job, side by side. */
  | { readonly kind: 'results'; readonly job: Job; readonly videos: readonly LibraryVideo[] }
  | { readonly kind: 'running'; readonly job: Job }
  | { readonly kind: 'failed' | 'canceled' | 'interrupted'; readonly job: Job }
  | { readonly kind: 'environment' }
  | { readonly kind: 'noModel' }
  | { readonly kind: 'hint' };

export type StageSlices = Pick<Slices, 'jobs' | 'library' | 'environment' | 'models'>;

export const runningJob = (jobs: readonly Job[]): Job | undefined =>
  jobs.find((job) => job.state.status === 'running' || job.state.status === 'canceling');

/** The videos of a finished job that are still in the library, in the order of their seeds. */
export function resultsOf(job: Job | undefined, library: readonly LibraryVideo[]): LibraryVideo[] {
  if (job?.state.status !== 'finished') return [];
  return resultIds(job.state).flatMap((id) => library.find((video) => video.id === id) ?? []);
}

/** True while a job's results keep the stage, although another job runs. */
export const holdsStage = (seen: Pick<StageSlices, 'jobs' | 'library'>, stageJobId: string | null): boolean =>
  resultsOf(
    seen.jobs.find((job) => job.id === stageJobId),
    seen.library,
  ).length > 0;

export function stageView(seen: StageSlices, openVideoId: string | null, stageJobId: string | null): StageView {
  const opened = seen.library.find((video) => video.id === openVideoId);
  if (opened !== undefined)
    return { kind: 'video', video: opened, jobId: jobWithOthers(opened, seen), isPaused: false };
  const job = seen.jobs.find((candidate) => candidate.id === stageJobId);
  const results = resultsOf(job, seen.library);
  if (job !== undefined && results.length > 1) return { kind: 'results', job, videos: results };
  if (results[0] !== undefined) return { kind: 'video', video: results[0], jobId: null, isPaused: false };
  const running = runningJob(seen.jobs);
  if (running !== undefined) return { kind: 'running', job: running };
  const ended = job === undefined ? null : endedView(job);
  return ended ?? restingView(seen);
}

function jobWithOthers(video: LibraryVideo, { jobs, library }: StageSlices): string | null {
  const job = jobs.find(({ state }) => state.status === 'finished' && resultIds(state).includes(video.id));
  return job !== undefined && resultsOf(job, library).length > 1 ? job.id : null;
}

function endedView(job: Job): StageView | null {
  const { state } = job;
  switch (state.status) {
    case 'failed':
    case 'canceled':
    case 'interrupted':
      return { kind: state.status, job };
    case 'finished':
    case 'queued':
    case 'running':
    case 'canceling':
      return null;
    default:
      return assertNever(state);
  }
}

/** Nothing runs and nothing has just ended. */
function restingView({ environment, models, library }: StageSlices): StageView {
  const isWorking = environment.status === 'ready' || ('hasWorkingSlot' in environment && environment.hasWorkingSlot);
  if (!isWorking && environment.status !== 'unknown') return { kind: 'environment' };
  const [newest] = library;
  if (newest !== undefined) return { kind: 'video', video: newest, jobId: null, isPaused: true };
  return models.length === 0 ? { kind: 'noModel' } : { kind: 'hint' };
}
