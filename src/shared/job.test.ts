import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appError } from './errors';
import { transition, type JobEvent, type JobState } from './job';

const report = { totalMs: 1, msPerStep: 1, weightBytesRead: 0, stages: [], ranks: [], notices: [] };
const events: readonly JobEvent[] = [
  { type: 'started' },
  { type: 'cancelRequested' },
  { type: 'finished', videoIds: ['v'], report },
  { type: 'failed', error: appError('WORKER_DIED', { exit: 'SIGKILL' }) },
  { type: 'canceled' },
  { type: 'interrupted' },
  { type: 'retried' },
];
const terminal = new Set<JobState['status']>(['finished', 'failed', 'canceled', 'interrupted']);
const run = (sequence: readonly JobEvent[]): JobState[] => {
  const states: JobState[] = [{ status: 'queued' }];
  for (const event of sequence) states.push(transition(states.at(-1) ?? { status: 'queued' }, event));
  return states;
};

describe('transition', () => {
  it('goes from the queue to a finished video', () => {
    expect(run([{ type: 'started' }, { type: 'finished', videoIds: ['v'], report }]).map((s) => s.status)).toEqual([
      'queued',
      'running',
      'finished',
    ]);
  });

  it('counts a job as finished if the cancel came too late', () => {
    const states = run([
      { type: 'started' },
      { type: 'cancelRequested' },
      { type: 'finished', videoIds: ['v'], report },
    ]);
    expect(states.at(-1)?.status).toBe('finished');
  });

  it('ends a waiting job immediately when it is canceled', () => {
    expect(run([{ type: 'cancelRequested' }]).at(-1)?.status).toBe('canceled');
  });

  it('restarts an ended job only by a retry, and a finished one never', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (sequence) => {
        const states = run(sequence);
        for (const [index, event] of sequence.entries()) {
          const before = states[index];
          const after = states[index + 1];
          if (before === undefined || after === undefined || !terminal.has(before.status)) continue;
          if (event.type === 'retried' && before.status !== 'finished') expect(after.status).toBe('queued');
          else expect(after).toBe(before);
        }
      }),
    );
  });

  it('ends at most once between two retries', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (sequence) => {
        const states = run(sequence);
        let ends = 0;
        for (let index = 1; index < states.length; index += 1) {
          const before = states[index - 1];
          const after = states[index];
          if (before === undefined || after === undefined) continue;
          if (!terminal.has(before.status) && terminal.has(after.status)) ends += 1;
          if (after.status === 'queued') ends = 0;
          expect(ends).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
