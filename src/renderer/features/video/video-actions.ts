/** What can be done with one video, by name: the same in its menus, next to the stage and in the palette. */
import type { LibraryVideo } from '../../../shared/library';
import { adoptVideo } from '../../state/adopt';
import type { Command } from '../../state/commands';
import { copyText } from '../../state/copy-text';
import { makeAgain, makeExact } from '../../state/finish';
import { send, showToast } from '../../state/send';
import { copy } from '../../copy';

const strings = copy.videos;

async function saveAs(videoId: string): Promise<void> {
  const path = await send(window.splitreel.saveVideoAs({ videoId }));
  if (path !== null) showToast(copy.errors.saved({ path }));
}

export const againAction = ({ metadata }: LibraryVideo): Command => ({
  id: 'videoAgain',
  label: strings.makeAgain,
  run: () => makeAgain(metadata),
});

/** Other videos from this one's settings. */
export const settingsActions = ({ metadata }: LibraryVideo): readonly Command[] => [
  ...(metadata.request.quality === 'exact'
    ? []
    : [{ id: 'videoExact', label: strings.makeExact, run: () => makeExact(metadata) }]),
  { id: 'videoReuse', label: strings.useSettings, run: () => adoptVideo(metadata) },
  { id: 'videoPrompt', label: strings.copyPrompt, run: () => copyText(metadata.request.prompt) },
];

export const saveAction = ({ id }: LibraryVideo): Command => ({
  id: 'videoSave',
  label: strings.saveAs,
  run: () => void saveAs(id),
});

export const fileActions = (video: LibraryVideo): readonly Command[] => [
  saveAction(video),
  {
    id: 'videoFolder',
    label: strings.showInFolder,
    run: () => void send(window.splitreel.showVideoInFolder({ videoId: video.id })),
  },
];
