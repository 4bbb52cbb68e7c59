import { message } from './message';

export const library = {
  title: 'Library',
  emptyTitle: 'No videos yet',
  empty: 'Every video you generate is kept here, together with its settings.',
  emptyAction: 'Generate the first one',
  open: message('Open: {prompt}'),
  search: 'Search prompts and tags',
  readSettings: 'Load settings from a video',
  count: message('{count, plural, one {# video} other {# videos}}'),
  seed: message('seed {seed}'),
  seeds: message('seeds {first} to {last}'),
  approximate: 'approximate',
  lora: message('{name} {strength, number}'),
  qualities: {
    balanced: 'balanced quality',
    fast: 'fast quality',
  },
} as const;
