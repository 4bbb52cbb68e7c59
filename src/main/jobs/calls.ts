import type { Calls } from '../ipc/calls';
import type { Continuations } from '../library/continuations';
import type { Queue } from './queue';

type JobCall = 'enqueueJobs' | 'cancelJob' | 'retryJob' | 'removeJob' | 'moveJob' | 'pauseQueue';

export const jobCalls = (queue: Queue, continuations: Pick<Continuations, 'check'>): Calls<JobCall> => ({
  enqueueJobs: async ({ jobs }) => {
    continuations.check(jobs);
    await queue.enqueue(jobs);
  },
  cancelJob: ({ jobId }) => queue.cancel(jobId),
  retryJob: ({ jobId }) => queue.retry(jobId),
  removeJob: ({ jobId }) => queue.remove(jobId),
  moveJob: ({ jobId, toIndex }) => queue.move(jobId, toIndex),
  pauseQueue: ({ isPaused }) => queue.pause(isPaused),
});
