/** What the stage shows: one thing at a time, decided from main's slices. Pure. */
import type { Slices } from '../../../shared/ipc';
import type { Job } from '../../../shared/job';
import type { LibraryVideo } from '../../../shared/library';
import { assertNever } from '../../../shared/result';

export type StageView =
  | { readonly kind: 'video'; readonly video: LibraryVideo; readonly isJobRunning: boolean }
  | { readonly kind: 'running'; readonly job: Job }
  | { readonly kind: 'failed' | 'cancelled' | 'interrupted'; readonly job: Job }
  | { readonly kind: 'environment' }
  | { readonly kind: 'noModel' }
  | { readonly kind: 'hint' };

type Seen = Pick<Slices, 'jobs' | 'library' | 'environment' | 'models'>;

export const runningJob = (jobs: readonly Job[]): Job | undefined =>
  jobs.find((job) => job.state.status === 'running' || job.state.status === 'cancelling');

export function stageView(seen: Seen, openVideoId: string | null, lastJobId: string | null): StageView {
  const running = runningJob(seen.jobs);
  const opened = seen.library.find((video) => video.id === openVideoId);
  if (opened !== undefined) return { kind: 'video', video: opened, isJobRunning: running !== undefined };
  if (running !== undefined) return { kind: 'running', job: running };
  const last = seen.jobs.find((job) => job.id === lastJobId);
  const ended = last === undefined ? null : endedView(last, seen.library);
  if (ended !== null) return ended;
  const { environment } = seen;
  const isWorking = environment.status === 'ready' || ('hasWorkingSlot' in environment && environment.hasWorkingSlot);
  if (!isWorking && environment.status !== 'unknown') return { kind: 'environment' };
  if (seen.models.length === 0) return { kind: 'noModel' };
  return { kind: 'hint' };
}

function endedView(job: Job, library: readonly LibraryVideo[]): StageView | null {
  const { state } = job;
  switch (state.status) {
    case 'finished': {
      const video = library.find((candidate) => state.videoIds.includes(candidate.id));
      return video === undefined ? null : { kind: 'video', video, isJobRunning: false };
    }
    case 'failed':
    case 'cancelled':
    case 'interrupted':
      return { kind: state.status, job };
    case 'queued':
    case 'running':
    case 'cancelling':
      return null;
    default:
      return assertNever(state);
  }
}
