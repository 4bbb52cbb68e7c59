/** Commands available on every page, and the page shortcuts. */
import type { Slices } from '../../shared/ipc';
import type { SettingsPatch } from '../../shared/settings';
import { adoptPromptFile } from '../state/adopt';
import { useCommands, type Command } from '../state/commands';
import { compare } from '../state/compare';
import { openDialog, type DialogName } from '../state/dialogs';
import { discardVideos } from '../state/discard';
import { followRunningJob, goTo, openVideo, PAGES, showHelp } from '../state/navigation';
import { useSlice } from '../state/projection';
import { send } from '../state/send';
import { redo, undo } from '../state/undo';
import { copy } from '../copy';
import { useShortcut } from '../ui/use-shortcut';

const strings = copy.commands;

export function useAppCommands(): void {
  const library = useSlice('library');
  const jobs = useSlice('jobs');
  const { isPaused } = useSlice('queue');
  const { status } = useSlice('engine');
  const settings = useSlice('settings');
  useCommands('app', [
    ...PAGES.map((page, index) => ({
      id: `page-${page}`,
      label: strings.goTo({ page: copy.app.pages[page] }),
      keys: strings.pageKey({ number: index + 1 }),
      run: () => goTo(page),
    })),
    ...formCommands(),
    ...videoCommands(library, jobs),
    ...queueCommands(isPaused, status),
    ...settingCommands(settings),
    { id: 'help', label: copy.shortcuts.title, keys: '?', run: showHelp },
  ]);
  useShortcut({
    inControls: true,
    match: ({ key, ctrlKey, metaKey, altKey }) => {
      const page = (ctrlKey || metaKey) && !altKey && /^[1-9]$/.test(key) ? PAGES[Number(key) - 1] : undefined;
      return page === undefined ? null : () => goTo(page);
    },
  });
}

/** A dialog of the Create page. */
const openInForm = (name: DialogName): void => {
  goTo('create');
  openDialog(name);
};

const formCommands = (): readonly Command[] => [
  { id: 'undo', label: strings.undo, keys: strings.undoKey, run: undo },
  { id: 'redo', label: strings.redo, keys: strings.redoKey, run: redo },
  { id: 'history', label: strings.history, run: () => openInForm('history') },
  { id: 'presets', label: strings.presets, run: () => openInForm('presets') },
  { id: 'promptFile', label: strings.promptFile, run: () => void adoptPromptFile(null) },
];

function videoCommands(library: Slices['library'], jobs: Slices['jobs']): readonly Command[] {
  const [newest, second] = library;
  const isRunning = jobs.some(({ state }) => state.status === 'running');
  const showRunning = (): void => {
    followRunningJob();
    goTo('create');
  };
  return [
    { id: 'compareFiles', label: strings.compareFiles, run: () => compare([]) },
    ...(isRunning ? [{ id: 'running', label: strings.showRunning, run: showRunning }] : []),
    ...(newest === undefined
      ? []
      : [
          { id: 'newest', label: strings.openNewest, run: () => openVideo(newest.id) },
          { id: 'discard', label: strings.discardNewest, run: () => void discardVideos([newest.id]) },
        ]),
    ...(newest === undefined || second === undefined
      ? []
      : [{ id: 'compare', label: strings.compareNewest, run: () => compare([newest.id, second.id]) }]),
  ];
}

const queueCommands = (isPaused: boolean, status: Slices['engine']['status']): readonly Command[] => [
  {
    id: 'pause',
    label: isPaused ? copy.queue.resume : copy.queue.pause,
    run: () => void send(window.splitreel.pauseQueue({ isPaused: !isPaused })),
  },
  ...(status === 'warm'
    ? [{ id: 'free', label: copy.queue.freeMemory, run: () => void send(window.splitreel.unloadEngine()) }]
    : []),
];

function settingCommands(settings: Slices['settings']): readonly Command[] {
  const change = (patch: SettingsPatch): void => void send(window.splitreel.updateSettings(patch));
  const toggle = (key: 'notifyWhenDone' | 'soundWhenDone' | 'loopPlayback', label: string): Command => ({
    id: key,
    label: settings[key] ? strings.turnOff({ setting: label }) : strings.turnOn({ setting: label }),
    run: () => change({ [key]: !settings[key] }),
  });
  const { themes, notify, sound, loop } = copy.settings;
  return [
    ...(['dark', 'light', 'system'] as const).map((theme) => ({
      id: `theme-${theme}`,
      label: strings.theme({ theme: themes[theme] }),
      run: () => change({ theme }),
    })),
    toggle('notifyWhenDone', notify),
    toggle('soundWhenDone', sound),
    toggle('loopPlayback', loop),
  ];
}
