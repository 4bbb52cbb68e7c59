/** Prompt tools: history, lists, variations, presets. */
import { message } from './message';

export const prompts = {
  tools: 'Prompt tools',
  history: 'History',
  historyTitle: 'Prompt history',
  search: 'Search prompts',
  nothingFound: 'No matching prompts.',
  noHistory: 'Prompts you use appear here.',
  forget: 'Remove from history',
  forgetAll: 'Clear history',
  variations: 'Variations',
  presets: 'Presets',
  list: 'One prompt per line',
  count: message('{count, plural, one {# prompt} other {# prompts}}'),
} as const;

export const variations = {
  seeds: message('Same prompt, {count, number} new seeds'),
  guidance: message('This seed, guidance {values}'),
  drafts: message('{count, number} drafts at once, one on each {kind, select, cuda {GPU} other {CPU worker}}'),
  together: message(
    'One video on {kind, select, cuda {{count, plural, one {# GPU} other {# GPUs}}} other {{count, plural, one {# CPU worker} other {# CPU workers}}}}',
  ),
  draftSteps: message('{steps, number} steps'),
  about: message('about {time}'),
  unmeasured: 'not measured yet',
} as const;

export const presets = {
  title: 'Presets',
  search: 'Search presets',
  nothingFound: 'No matching presets.',
  none: 'A preset saves the form under a name: model, size, steps and the rest, but not the prompt, image or seed.',
  name: 'Name',
  save: 'Save current settings',
  remove: 'Remove',
  exportAll: 'Export',
  importFile: 'Import',
  used: message('Settings loaded from {name}.'),
  saved: message('Saved as {name}.'),
  imported: message(
    '{count, plural, =0 {Nothing new in this file.} one {# preset imported.} other {# presets imported.}}',
  ),
} as const;
