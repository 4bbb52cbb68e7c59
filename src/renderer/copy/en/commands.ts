/** The command palette: every command by name. */
import { message } from './message';

export const commands = {
  title: 'Commands',
  search: 'Search commands',
  nothingFound: 'No matching commands.',
  goTo: message('Go to {page}'),
  pageKey: message('Ctrl+{number, number}'),
  undo: 'Undo form change',
  undoKey: 'Ctrl+Z',
  redo: 'Redo form change',
  redoKey: 'Ctrl+Shift+Z',
  history: 'Search the prompt history',
  promptFile: 'Open a text file of prompts',
  presets: 'Open presets',
  compareFiles: 'Compare files',
  compareNewest: 'Compare the two newest videos',
  showRunning: 'Show the running video',
  openNewest: 'Open the newest video',
  discardNewest: 'Discard the newest video',
  theme: message('Theme: {theme}'),
  ofSelection: message('{action} ({count, plural, one {# selected video} other {# selected videos}})'),
  turnOn: message('Turn on: {setting}'),
  turnOff: message('Turn off: {setting}'),
} as const;
