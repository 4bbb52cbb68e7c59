/** What can be done with results: keep, discard, finish. */
import { plural } from './plural';

export const results = {
  keep: 'Keep only this',
  keepHint: 'Discards the other videos of this job',
  discard: 'Discard',
  finish: 'Finish',
  finishHint: (summary: string): string => `Same prompt and seed, ${summary}, on all devices`,
  of: (action: string, seed: string): string => `${action}: ${seed}`,
  discarded: (count: number): string => `${plural(count, 'video', 'videos')} discarded.`,
  finishing: (summary: string): string => `In the queue: ${summary}.`,
} as const;
