import type { Calls } from '../ipc/calls';
import type { Queue } from './queue';

export const jobCalls = (queue: Queue): Calls<'enqueueJob' | 'cancelJob' | 'retryJob' | 'removeJob' | 'moveJob'> => ({
  enqueueJob: async (input) => ({ jobId: await queue.enqueue(input) }),
  cancelJob: ({ jobId }) => queue.cancel(jobId),
  retryJob: ({ jobId }) => queue.retry(jobId),
  removeJob: ({ jobId }) => queue.remove(jobId),
  moveJob: ({ jobId, toIndex }) => queue.move(jobId, toIndex),
});
