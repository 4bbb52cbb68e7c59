import { useDeferredValue, useEffect, useState, type ReactNode } from 'react';
import { CreatePage } from '../features/create';
import { LibraryPage } from '../features/library';
import { MachinePage } from '../features/machine';
import { ModelsPage } from '../features/models';
import { SettingsPage } from '../features/settings';
import { VideoDialogs } from '../features/video';
import { copy } from '../copy';
import { TooltipProvider } from '../ui/Tooltip';
import { useShortcut } from '../ui/use-shortcut';
import styles from './App.module.css';
import { Header } from './Header';
import { Messages } from './Messages';
import { Palette } from './Palette';
import { ShortcutsDialog } from './ShortcutsDialog';
import { useAppCommands } from './use-app-commands';
import { showHelp, useNavigation, type Page } from '../state/navigation';
import { useProjection, useSlice } from '../state/projection';
import { keepFocus } from '../ui/focus';
import { useFileDrop } from './use-file-drop';
import { useDoubleClicks } from './use-double-clicks';
import { useEndSound } from './use-end-sound';
import { useNotificationClicks } from './use-notification-clicks';

const CONTENT: Readonly<Record<Page, () => ReactNode>> = {
  create: CreatePage,
  library: LibraryPage,
  models: ModelsPage,
  machine: MachinePage,
  settings: SettingsPage,
};

export function App() {
  // Deferred, because React renders a change of a store in one go, and the first render takes longer than a frame. Also
  // when the snapshot came before this page's script had loaded.
  const isKnown = useDeferredValue(
    useProjection((state) => state.slices !== null),
    false,
  );
  if (!isKnown) return <p className="visually-hidden">{copy.app.opening}</p>;
  return (
    <TooltipProvider>
      <Window />
    </TooltipProvider>
  );
}

function useTheme(): void {
  const { theme } = useSlice('settings');
  const [isSystemLight, setIsSystemLight] = useState(() => matchMedia('(prefers-color-scheme: light)').matches);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: light)');
    const onChange = (): void => setIsSystemLight(query.matches);
    query.addEventListener('change', onChange);
    return () => query.removeEventListener('change', onChange);
  }, []);
  useEffect(() => {
    document.documentElement.dataset.theme = theme === 'system' ? (isSystemLight ? 'light' : 'dark') : theme;
  }, [theme, isSystemLight]);
}

function DropHint() {
  const isComparing = useNavigation(({ comparedIds }) => comparedIds !== null);
  return <div className={styles.drop}>{isComparing ? copy.compare.drop : copy.app.drop}</div>;
}

function Window() {
  const page = useNavigation((state) => state.page);
  const isHelpOpen = useNavigation((state) => state.isHelpOpen);
  const isDropping = useFileDrop();
  useShortcut({ match: ({ key, ctrlKey, metaKey }) => (key === '?' && !ctrlKey && !metaKey ? showHelp : null) });
  useTheme();
  useAppCommands();
  useDoubleClicks();
  useEndSound();
  useNotificationClicks();
  useEffect(keepFocus, []);
  const Content = CONTENT[page];
  return (
    <div className={styles.window}>
      <Header />
      <div className={styles.page}>
        <Content />
      </div>
      <Messages />
      <Palette />
      <VideoDialogs />
      {isHelpOpen && <ShortcutsDialog />}
      {isDropping && <DropHint />}
    </div>
  );
}
