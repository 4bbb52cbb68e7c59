/** The list of jobs as data: its order, and which old jobs are dropped. Pure. */
import type { Job } from '../../shared/job';

/** Finished jobs that are kept in the list. */
const MAX_KEPT = 200;

export const isQueued = (job: Job): boolean => job.state.status === 'queued';

export const isActive = (job: Job): boolean => job.state.status === 'running' || job.state.status === 'canceling';

/** The jobs with one waiting job moved among the waiting ones; the others keep their positions. */
export function moved(jobs: readonly Job[], jobId: string, toIndex: number): readonly Job[] {
  const waiting = jobs.filter(isQueued);
  const job = waiting.find(({ id }) => id === jobId);
  if (job === undefined) return jobs;
  const order = waiting.filter((other) => other !== job);
  order.splice(Math.min(toIndex, order.length), 0, job);
  return jobs.map((other) => (isQueued(other) ? (order.shift() ?? other) : other));
}

/** Drops the oldest finished jobs from a long list; waiting and running jobs stay. */
export function trimmed(jobs: readonly Job[]): readonly Job[] {
  const surplus = jobs.length - MAX_KEPT;
  if (surplus <= 0) return jobs;
  const over = new Set(jobs.filter((job) => !isActive(job) && !isQueued(job)).slice(0, surplus));
  return over.size === 0 ? jobs : jobs.filter((job) => !over.has(job));
}
