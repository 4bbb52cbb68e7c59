/** The open dialog for one or several videos, however it was opened: from a menu, a key or the selection. */
import { create } from 'zustand';
import type { LibraryVideo } from '../../shared/library';

interface VideoDialog {
  readonly name: 'export' | 'tags';
  readonly videoIds: readonly string[];
}

export const useVideoDialog = create<{ readonly open: VideoDialog | null }>(() => ({ open: null }));

export function openVideoDialog(name: VideoDialog['name'], videos: readonly LibraryVideo[]): void {
  if (videos.length > 0) useVideoDialog.setState({ open: { name, videoIds: videos.map(({ id }) => id) } });
}
export const closeVideoDialog = (): void => useVideoDialog.setState({ open: null });
