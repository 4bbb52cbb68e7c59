/** Actions for results: keep, discard, finish. */
import { message } from './message';

export const results = {
  keep: 'Keep only this',
  keepHint: 'Discards the other videos of this job',
  discard: 'Discard',
  finish: 'Finish',
  finishHint: message('Same prompt and seed, {summary}, on all devices'),
  of: message('{action}: {seed}'),
  discarded: message('{count, plural, one {# video} other {# videos}} discarded.'),
  finishing: message('Added to the queue: {summary}.'),
} as const;
