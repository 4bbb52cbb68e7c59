/** The actions for one or several videos: the same entries in every menu. */
import type { ReactNode } from 'react';
import type { LibraryVideo } from '../../../shared/library';
import { MAX_RATING } from '../../../shared/marks';
import type { Command } from '../../state/commands';
import { canCompare, compareOrPick } from '../../state/compare';
import { discardVideos } from '../../state/discard';
import { areFavorites, commonRating, markVideos, toggleFavorite } from '../../state/marks';
import { openVideo } from '../../state/navigation';
import { openVideoDialog } from '../../state/video-dialogs';
import { copy } from '../../copy';
import { ContextMenu, type MenuEntry } from '../../ui/Menu';
import { againAction, fileActions, settingsActions } from './video-actions';

const strings = copy.videos;
const LINE: MenuEntry = { kind: 'line' };

/** Where a menu opens, which decides what shortcuts work there. */
type MenuPlace = 'library' | 'stage' | 'results';
type KeyedAction = 'compare' | 'favorite' | 'tags' | 'export' | 'delete';

const KEYS: Readonly<Record<MenuPlace, Partial<Record<KeyedAction, string>>>> = {
  library: { compare: 'C', favorite: 'F', tags: 'T', export: 'E', delete: 'Del' },
  stage: { compare: 'C', tags: 'T', export: 'E' },
  results: { delete: 'Del' },
};

const keysOf = (place: MenuPlace, action: KeyedAction): Pick<Command, 'keys'> => {
  const keys = KEYS[place][action];
  return keys === undefined ? {} : { keys };
};

const entryOf = ({ label, run }: Command): MenuEntry => ({ kind: 'item', label, run });

const deleteEntry = (videos: readonly LibraryVideo[], place: MenuPlace): MenuEntry => ({
  kind: 'item',
  label: strings.delete,
  ...keysOf(place, 'delete'),
  isDanger: true,
  run: () => void discardVideos(videos.map(({ id }) => id)),
});

export function videoEntries(videos: readonly LibraryVideo[], place: MenuPlace): readonly MenuEntry[] {
  const [video] = videos;
  if (video === undefined) return [];
  const isSingle = videos.length === 1;
  const open: MenuEntry = { kind: 'item', label: strings.open, run: () => openVideo(video.id) };
  return [
    ...(isSingle && place !== 'stage' ? [open] : []),
    ...(isSingle ? [againAction(video), ...settingsActions(video)].map(entryOf) : []),
    {
      kind: 'item',
      label: strings.compare,
      isDisabled: !canCompare(videos.length),
      ...keysOf(place, 'compare'),
      run: () => compareOrPick(videos.map(({ id }) => id)),
    },
    LINE,
    {
      kind: 'check',
      label: strings.favorite,
      ...keysOf(place, 'favorite'),
      isChecked: areFavorites(videos),
      run: () => toggleFavorite(videos),
    },
    { kind: 'menu', label: strings.rating, entries: ratingEntries(videos, place === 'library') },
    { kind: 'item', label: strings.editTags, ...keysOf(place, 'tags'), run: () => openVideoDialog('tags', videos) },
    LINE,
    { kind: 'item', label: strings.export, ...keysOf(place, 'export'), run: () => openVideoDialog('export', videos) },
    ...(isSingle ? fileActions(video).map(entryOf) : []),
    LINE,
    deleteEntry(videos, place),
  ];
}

/** For the video on the stage: what has no button next to it. */
export const stageEntries = (video: LibraryVideo, hasAgainButton: boolean): readonly MenuEntry[] => [
  ...[...(hasAgainButton ? [] : [againAction(video)]), ...settingsActions(video)].map(entryOf),
  LINE,
  ...fileActions(video).map(entryOf),
  LINE,
  deleteEntry([video], 'stage'),
];

export const ratingEntries = (videos: readonly LibraryVideo[], hasKeys = false): readonly MenuEntry[] =>
  Array.from({ length: MAX_RATING + 1 }, (_, index) => MAX_RATING - index).map((rating) => ({
    kind: 'check',
    label: strings.ratings({ rating }),
    ...(hasKeys ? { keys: String(rating) } : {}),
    isChecked: commonRating(videos) === rating,
    run: () => markVideos(videos, { rating }),
  }));

interface VideoMenuProps {
  readonly place: MenuPlace;
  /** Called when the menu opens: the selection, if the video is part of it. */
  readonly videos: () => readonly LibraryVideo[];
  readonly children: ReactNode;
}

/** The context menu of an element that shows a video. */
export const VideoMenu = ({ place, videos, children }: VideoMenuProps) => (
  <ContextMenu label={strings.menu} entries={() => videoEntries(videos(), place)}>
    {children}
  </ContextMenu>
);
