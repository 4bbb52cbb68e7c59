/** Hides videos immediately; main moves them to the trash once the discard can no longer be undone. */
import { copy } from '../copy';
import { dismissToast, send, showToast, useToasts } from './send';

let lastToastId: number | null = null;

export async function discardVideos(videoIds: readonly string[]): Promise<void> {
  if (videoIds.length === 0) return;
  const ids = [...videoIds];
  const discarded = await send(window.splitreel.discardVideos({ videoIds: ids }));
  if (discarded === null) return;
  const restore = (): void => void send(window.splitreel.restoreVideos({ videoIds: ids }));
  lastToastId = showToast(copy.results.discarded({ count: ids.length }), { label: copy.app.undo, run: restore });
}

/** For a control that stands for one video. */
export function discardOnDelete({ key, repeat }: Pick<KeyboardEvent, 'key' | 'repeat'>, videoId: string): void {
  if (key === 'Delete' && !repeat) void discardVideos([videoId]);
}

/** What the button of the newest message about a discard does; null once that message is gone. */
export function discardToUndo(): (() => void) | null {
  const toast = useToasts.getState().toasts.find(({ id }) => id === lastToastId);
  if (toast === undefined) return null;
  return () => {
    dismissToast(toast.id);
    toast.action?.run();
  };
}
