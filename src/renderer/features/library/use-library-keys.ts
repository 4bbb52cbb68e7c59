/** Keys and palette commands of the library: for the selection or the focused video. */
import type { LibraryVideo } from '../../../shared/library';
import { canCompare, compareOrPick } from '../../state/compare';
import { useCommands, type Command } from '../../state/commands';
import { discardToUndo, discardVideos } from '../../state/discard';
import { markVideos, toggleFavorite } from '../../state/marks';
import { openVideoDialog } from '../../state/video-dialogs';
import { copy } from '../../copy';
import { useShortcut } from '../../ui/use-shortcut';
import { clearSelection, selectAll } from './selection';
import { clearFilters } from './view';

interface LibraryKeys {
  readonly found: readonly LibraryVideo[];
  readonly selected: readonly LibraryVideo[];
}

const strings = copy.videos;

/** By key, without modifiers. */
const ACTIONS: Readonly<Record<string, (videos: readonly LibraryVideo[]) => void>> = {
  f: toggleFavorite,
  t: (videos) => openVideoDialog('tags', videos),
  e: (videos) => openVideoDialog('export', videos),
  c: (videos) => {
    if (canCompare(videos.length)) compareOrPick(videos.map(({ id }) => id));
  },
  Delete: (videos) => void discardVideos(videos.map(({ id }) => id)),
};

function actionOf(key: string): ((videos: readonly LibraryVideo[]) => void) | undefined {
  if (/^[0-5]$/.test(key)) return (videos) => markVideos(videos, { rating: Number(key) });
  return ACTIONS[key.length === 1 ? key.toLowerCase() : key];
}

export function useLibraryKeys({ found, selected }: LibraryKeys): void {
  const targets = (): readonly LibraryVideo[] => {
    if (selected.length > 0) return selected;
    const id = document.activeElement?.closest<HTMLElement>('[data-video-id]')?.dataset.videoId;
    return found.filter((video) => video.id === id);
  };
  useShortcut({
    match: ({ key, ctrlKey, metaKey, altKey, shiftKey }) => {
      if (altKey) return null;
      if (ctrlKey || metaKey) {
        if (shiftKey) return null;
        if (key.toLowerCase() === 'z') return discardToUndo();
        return key.toLowerCase() === 'a' ? () => selectAll(found.map(({ id }) => id)) : null;
      }
      if (key === 'Escape') return selected.length > 0 ? clearSelection : null;
      const action = shiftKey ? undefined : actionOf(key);
      if (action === undefined) return null;
      const videos = targets();
      return videos.length === 0 ? null : () => action(videos);
    },
  });
  useCommands('library', commandsOf(found, selected));
}

function commandsOf(found: readonly LibraryVideo[], selected: readonly LibraryVideo[]): readonly Command[] {
  const all: Command = {
    id: 'selectAll',
    label: copy.selection.selectAll,
    keys: 'Ctrl+A',
    run: () => selectAll(found.map(({ id }) => id)),
  };
  const clear: Command = { id: 'clearFilters', label: copy.libraryView.clear, run: clearFilters };
  if (selected.length === 0) return [all, clear];
  const command = (id: string, label: string, keys: string): Command => ({
    id: `selected-${id}`,
    label: copy.commands.ofSelection({ action: label, count: selected.length }),
    keys,
    run: () => actionOf(keys === 'Del' ? 'Delete' : keys)?.(selected),
  });
  return [
    all,
    clear,
    command('favorite', strings.favorite, 'F'),
    command('tags', strings.tags, 'T'),
    ...(canCompare(selected.length) ? [command('compare', strings.compare, 'C')] : []),
    command('export', copy.export.open, 'E'),
    command('delete', strings.delete, 'Del'),
    { id: 'clearSelection', label: copy.selection.clear, keys: 'Esc', run: clearSelection },
  ];
}
