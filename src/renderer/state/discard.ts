/** Hides videos immediately; main moves them to the bin once the discard can no longer be undone. */
import { copy } from '../copy';
import { send, showToast } from './send';

export async function discardVideos(videoIds: readonly string[]): Promise<void> {
  if (videoIds.length === 0) return;
  const ids = [...videoIds];
  const discarded = await send(window.splitreel.discardVideos({ videoIds: ids }));
  if (discarded === null) return;
  const restore = (): void => void send(window.splitreel.restoreVideos({ videoIds: ids }));
  showToast(copy.results.discarded({ count: ids.length }), { label: copy.app.undo, run: restore });
}
