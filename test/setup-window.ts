import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach } from 'vitest';
import type { StoreApi } from 'zustand';
import { useLibraryState } from '../src/renderer/features/library/view';
import { useSelection } from '../src/renderer/features/library/selection';
import { useDialogs } from '../src/renderer/state/dialogs';
import { useDraft } from '../src/renderer/state/draft';
import { useNavigation } from '../src/renderer/state/navigation';
import { useProjection } from '../src/renderer/state/projection';
import { useToasts } from '../src/renderer/state/send';
import { useUndo } from '../src/renderer/state/undo';
import { useVideoDialog } from '../src/renderer/state/video-dialogs';

// By default it waits for a second, which a loaded machine exceeds.
configure({ asyncUtilTimeout: 30_000 });

// Test files share modules, and so the stores of the window.
beforeEach(() => {
  for (const store of [
    useDialogs,
    useDraft,
    useLibraryState,
    useNavigation,
    useProjection,
    useSelection,
    useToasts,
    useUndo,
    useVideoDialog,
  ])
    (store as StoreApi<unknown>).setState(store.getInitialState(), true);
  localStorage.clear();
});

// Testing Library does this by itself only where afterEach is a global.
afterEach(cleanup);

// Every browser has it; happy-dom does not.
Object.defineProperty(document, 'fullscreenElement', { value: null });

// happy-dom lays nothing out. Virtual lists ask how much is in sight: a window of this size.
Object.defineProperties(HTMLElement.prototype, {
  offsetWidth: { configurable: true, get: () => 1200 },
  offsetHeight: { configurable: true, get: () => 800 },
  clientWidth: { configurable: true, get: () => 1200 },
  clientHeight: { configurable: true, get: () => 800 },
});
