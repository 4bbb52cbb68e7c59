/** The actions for one or several videos: the same entries in every menu. */
import type { ReactNode } from 'react';
import type { LibraryVideo } from '../../../shared/library';
import { MAX_RATING } from '../../../shared/marks';
import { adoptVideo } from '../../state/adopt';
import { canCompare, compareOrPick } from '../../state/compare';
import { copyText } from '../../state/copy-text';
import { discardVideos } from '../../state/discard';
import { makeAgain } from '../../state/finish';
import { areFavorites, commonRating, markVideos, toggleFavorite } from '../../state/marks';
import { openVideo } from '../../state/navigation';
import { send } from '../../state/send';
import { openVideoDialog } from '../../state/video-dialogs';
import { copy } from '../../copy';
import { ContextMenu, type MenuEntry } from '../../ui/Menu';

const strings = copy.videos;
const LINE: MenuEntry = { kind: 'line' };

/** `hasKeys`: the library's shortcuts work here. */
export function videoEntries(videos: readonly LibraryVideo[], hasKeys = false): readonly MenuEntry[] {
  const keys = (text: string) => (hasKeys ? { keys: text } : {});
  const [video] = videos;
  if (video === undefined) return [];
  const single: readonly MenuEntry[] =
    videos.length > 1
      ? []
      : [
          { kind: 'item', label: strings.open, run: () => openVideo(video.id) },
          { kind: 'item', label: strings.makeAgain, run: () => makeAgain(video.metadata) },
          { kind: 'item', label: strings.useSettings, run: () => adoptVideo(video.metadata) },
        ];
  const file: readonly MenuEntry[] =
    videos.length > 1
      ? []
      : [
          {
            kind: 'item',
            label: strings.showInFolder,
            run: () => void send(window.splitreel.showVideoInFolder({ videoId: video.id })),
          },
          { kind: 'item', label: strings.copyPrompt, run: () => copyText(video.metadata.request.prompt) },
        ];
  return [
    ...single,
    {
      kind: 'item',
      label: strings.compare,
      isDisabled: !canCompare(videos.length),
      ...keys('C'),
      run: () => compareOrPick(videos.map(({ id }) => id)),
    },
    LINE,
    {
      kind: 'check',
      label: strings.favorite,
      ...keys('F'),
      isChecked: areFavorites(videos),
      run: () => toggleFavorite(videos),
    },
    { kind: 'menu', label: strings.rating, entries: ratingEntries(videos, hasKeys) },
    { kind: 'item', label: strings.editTags, ...keys('T'), run: () => openVideoDialog('tags', videos) },
    LINE,
    { kind: 'item', label: strings.export, ...keys('E'), run: () => openVideoDialog('export', videos) },
    ...file,
    LINE,
    {
      kind: 'item',
      label: strings.delete,
      ...keys('Del'),
      isDanger: true,
      run: () => void discardVideos(videos.map(({ id }) => id)),
    },
  ];
}

export const ratingEntries = (videos: readonly LibraryVideo[], hasKeys = false): readonly MenuEntry[] =>
  Array.from({ length: MAX_RATING + 1 }, (_, index) => MAX_RATING - index).map((rating) => ({
    kind: 'check',
    label: strings.ratings({ rating }),
    ...(hasKeys ? { keys: String(rating) } : {}),
    isChecked: commonRating(videos) === rating,
    run: () => markVideos(videos, { rating }),
  }));

interface VideoMenuProps {
  /** Called when the menu opens: the selection, if the video is part of it. */
  readonly videos: () => readonly LibraryVideo[];
  readonly hasKeys?: boolean;
  readonly children: ReactNode;
}

/** The context menu of an element that shows a video. */
export const VideoMenu = ({ videos, hasKeys = false, children }: VideoMenuProps) => (
  <ContextMenu label={strings.menu} entries={() => videoEntries(videos(), hasKeys)}>
    {children}
  </ContextMenu>
);
