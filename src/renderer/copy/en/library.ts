import { loraName, type Lora } from '../../../shared/sampling';
import { plural } from './plural';

export const library = {
  title: 'Library',
  emptyTitle: 'No videos yet',
  empty: 'Every video you generate is kept here, together with its settings.',
  emptyAction: 'Generate the first one',
  open: (prompt: string): string => `Open: ${prompt}`,
  delete: 'Delete',
  deleteTitle: 'Move this video to the bin?',
  deleteText: (file: string): string => `You can restore ${file} from the bin of your system.`,
  deleteYes: 'Move to bin',
  search: 'Search prompts',
  readSettings: 'Settings from a video file',
  count: (count: number): string => plural(count, 'video', 'videos'),
  nothingFound: 'No prompt contains this text.',
  seed: (seed: number): string => `seed ${String(seed)}`,
  seeds: (first: number, last: number): string => `seeds ${String(first)} to ${String(last)}`,
  approximate: 'approximate',
  lora: (lora: Lora): string => `${loraName(lora)} ${String(lora.strength)}`,
  qualities: {
    balanced: 'balanced quality',
    fast: 'fast quality',
  },
} as const;
