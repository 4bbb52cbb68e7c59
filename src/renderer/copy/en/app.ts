/** The window's frame, and texts that every page uses. */
import { message } from './message';

export const app = {
  name: 'Splitreel',
  /** The connection's real speed is unknown before the download, so this is a round figure for comparison. */
  atSpeed: message('{time} at 100 Mbit/s'),
  pages: {
    create: 'Create',
    library: 'Library',
    models: 'Models',
    machine: 'Machine',
    settings: 'Settings',
  },
  navigation: 'Pages',
  opening: 'Starting Splitreel',
  drop: 'Drop a Splitreel video to reuse its settings, or an image to start from',
  dropNoFile: 'This is not a file on your computer. Save it first, then drop the file.',
  close: 'Close',
  cancel: 'Cancel',
  dismiss: 'Dismiss',
  details: 'Details',
  copy: 'Copy',
  messages: 'Messages',
  settingsReused: "The form now uses that video's settings.",
  promptReplaced: 'Your prompt was replaced.',
  undo: 'Undo',
  imageNotUsed: "This model doesn't start from an image. Choose an image-to-video model first.",
} as const;

/** Keyboard shortcuts, by where they work. */
export const shortcuts = {
  title: 'Keyboard shortcuts',
  groups: [
    {
      title: 'Everywhere',
      keys: [
        ['Ctrl+Enter', 'Generate'],
        ['Ctrl+K', 'Find a command'],
        ['Ctrl+Shift+R', 'Rewrite the prompt, if rewriting is set up'],
        ['Ctrl+1 to Ctrl+5', 'Open a page'],
        ['Ctrl+Plus, Ctrl+Minus, Ctrl+0', 'Zoom in, zoom out, actual size'],
        ['Ctrl+Z, Ctrl+Shift+Z', 'Undo or redo form changes'],
        ['Esc', 'Cancel the running video (asks first)'],
        ['?', 'Show these shortcuts'],
      ],
    },
    {
      title: 'With a video on the stage',
      keys: [
        ['Space, K', 'Play or pause'],
        ['Left, Right', 'Previous or next frame'],
        ['Shift+Left, Shift+Right', 'Back or forward one second'],
        ['Home, End', 'First or last frame'],
        ['J', 'Play backward; press again to go faster'],
        ['L', 'Play forward; press again to go faster'],
        ['0', 'Loop on or off'],
        ['F', 'Full screen'],
        ['I', 'Use this frame as the first of the next video'],
        ['N', 'Continue from the last frame'],
        ['C, E, T', 'Compare, export, edit tags'],
      ],
    },
    {
      title: 'While comparing videos',
      keys: [
        ['S, W, D', 'Side by side, wipe, difference'],
        ['+, -, 0', 'Zoom in, zoom out, fit'],
        ['C', 'Close the comparison'],
      ],
    },
    {
      title: 'In the library',
      keys: [
        ['Arrow keys', 'Next video; with Shift, extend the selection'],
        ['Home, End, Page Up, Page Down', 'First or last video, or a page'],
        ['Enter, Space', 'Open, or select'],
        ['F', 'Favorite on or off'],
        ['1 to 5, 0', 'Rate, or remove the rating'],
        ['T', 'Edit tags'],
        ['C', 'Compare up to four videos'],
        ['E', 'Export'],
        ['Del, Ctrl+Z', 'Delete, and undo it'],
        ['Ctrl+click, Shift+click', 'Select a video, or a range'],
        ['Ctrl+A, Esc', 'Select all, or clear the selection'],
        ['Menu, Shift+F10', 'Open the menu of a video, job or model'],
      ],
    },
    {
      title: 'In the queue',
      keys: [
        ['Up, Down', 'Previous or next video'],
        ['Alt+Up, Alt+Down', 'Move a waiting video up or down'],
        ['Del', 'Remove'],
      ],
    },
    {
      title: 'In recent videos and results',
      keys: [
        ['Arrow keys', 'Previous or next video'],
        ['Enter, Del', 'Open, or delete'],
      ],
    },
  ],
} as const;

export const engine = {
  states: {
    stopped: 'stopped',
    starting: 'starting',
    importing: 'starting',
    cold: 'idle',
    warm: 'idle, model loaded',
    busy: 'busy',
    failed: 'failed',
  },
  state: message(
    'engine {status, select, stopped {stopped} cold {idle} warm {idle, model loaded} busy {busy} failed {failed} other {starting}}',
  ),
  waiting: message('{count, plural, one {# video} other {# videos}} waiting'),
  paused: 'queue paused',
} as const;

export const devices = {
  gpus: message('{count, number}x {name}'),
  mixed: message('{count, plural, one {# GPU} other {# GPUs}}'),
  cpu: message('{workers, plural, one {CPU} other {CPU, # workers}}'),
  /** One GPU, or one of the processes that share the CPU. */
  name: message('{kind, select, cuda {GPU {index}} other {CPU worker {index}}}'),
} as const;

export const errors = {
  retry: 'Retry',
  saveDiagnostics: 'Save diagnostics',
  includePrompts: 'Include prompts',
  saved: message('Saved to {path}'),
} as const;
