/** What helps to write the next prompt: history, lists, variations, presets. */
import { plural } from './plural';

export const prompts = {
  tools: 'Prompt tools',
  history: 'History',
  historyTitle: 'Prompt history',
  search: 'Search prompts',
  nothingFound: 'No prompt contains these words.',
  noHistory: 'Prompts that you use appear here.',
  forget: 'Remove from history',
  forgetAll: 'Clear history',
  variations: 'Variations',
  presets: 'Presets',
  list: 'One prompt on each line',
  count: (count: number): string => plural(count, 'prompt', 'prompts'),
} as const;

export const variations = {
  seeds: (count: number): string => `Same prompt, ${String(count)} new seeds`,
  guidance: (values: readonly number[]): string => `This seed, guidance ${values.join(', ')}`,
  drafts: (count: number, device: string): string => `${String(count)} drafts at once, one ${device} each`,
  together: (count: number, devices: string): string => `${plural(count, 'video', 'videos')} on ${devices}`,
  draftSteps: (steps: number): string => `${String(steps)} steps`,
  about: (time: string): string => `about ${time}`,
  unmeasured: 'not measured yet',
} as const;

export const presets = {
  title: 'Presets',
  search: 'Search presets',
  nothingFound: 'No preset has these words in its name.',
  none: 'A preset keeps the settings of the form under a name: model, size, steps and the rest, but no prompt and no seed.',
  name: 'Name',
  save: 'Save current settings',
  remove: 'Remove',
  exportAll: 'Export',
  importFile: 'Import',
  used: (name: string): string => `The settings are those of ${name}.`,
  saved: (name: string): string => `Saved as ${name}.`,
  imported: (count: number): string =>
    count === 0 ? 'Nothing new in this file.' : `${plural(count, 'preset', 'presets')} imported.`,
} as const;
