/** A video's settings, back into the form. */
import { create } from 'zustand';
import type { VideoMetadata } from '../../shared/library';
import { copy } from '../copy/en';
import { goTo } from './navigation';
import { send, tell } from './send';

/** Set here, taken by the Create feature: features do not reach into each other. */
export const useReuse = create<{ readonly wanted: VideoMetadata | null }>(() => ({ wanted: null }));

export function reuseVideo(metadata: VideoMetadata): void {
  useReuse.setState({ wanted: metadata });
  goTo('create');
  tell(copy.app.settingsReused);
}

/** From a video file: dropped (its path), or chosen in the system's dialogue (null). */
export async function reuseFile(path: string | null): Promise<void> {
  const metadata = await send(window.splitreel.readVideoSettings({ path }));
  if (metadata !== null) reuseVideo(metadata);
}
