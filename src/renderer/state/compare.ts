/** The videos that are compared: up to four, from the library or from files that were dropped in. */
import { create } from 'zustand';
import type { GuestVideo } from '../../shared/library';
import { copy } from '../copy';
import { goTo, useNavigation } from './navigation';
import { useProjection, useSlice } from './projection';
import { send, showToast } from './send';

const MAX_COMPARED = 4;

const useGuests = create<{ readonly guests: readonly GuestVideo[] }>(() => ({ guests: [] }));

const videosOf = (
  ids: readonly string[],
  library: readonly GuestVideo[],
  guests: readonly GuestVideo[],
): readonly GuestVideo[] =>
  ids.flatMap((id) => library.find((video) => video.id === id) ?? guests.find((guest) => guest.id === id) ?? []);

const comparedIds = (): readonly string[] => useNavigation.getState().comparedIds ?? [];
/** Without discarded videos: they keep their place for an undo, but don't count. */
const shownIds = (): readonly string[] => {
  const library = useProjection.getState().slices?.library ?? [];
  return videosOf(comparedIds(), library, useGuests.getState().guests).map(({ id }) => id);
};
const setCompared = (ids: readonly string[]): void => useNavigation.setState({ comparedIds: ids });

export const canCompare = (count: number): boolean => count >= 1 && count <= MAX_COMPARED;

export function compare(videoIds: readonly string[]): void {
  setCompared(videoIds.slice(0, MAX_COMPARED));
  goTo('create');
}

export const closeComparison = (): void => useNavigation.setState({ comparedIds: null });

function add(videoId: string): boolean {
  const shown = shownIds();
  if (shown.length >= MAX_COMPARED) {
    showToast(copy.compare.full({ max: MAX_COMPARED }));
    return false;
  }
  setCompared([...shown, videoId]);
  return true;
}

/** Adds a video to the comparison or removes it. */
export function toggleCompared(videoId: string): void {
  if (comparedIds().includes(videoId)) setCompared(comparedIds().filter((id) => id !== videoId));
  else add(videoId);
}

/** Several videos start a comparison; a single one is added to those already picked. */
export function compareOrPick(videoIds: readonly string[]): void {
  const [first, ...others] = videoIds;
  if (first !== undefined && others.length === 0) pickToCompare(first);
  else compare(videoIds);
}

/** From another page, which stays open for picking more. */
function pickToCompare(videoId: string): void {
  if (!comparedIds().includes(videoId) && !add(videoId)) return;
  showToast(copy.compare.picked({ count: shownIds().length }), { label: copy.compare.show, run: () => goTo('create') });
}

/** A file that was dropped, or one chosen in the system's dialog (null). */
export async function compareFile(path: string | null): Promise<void> {
  const guest = await send(window.splitreel.openVideoFile({ path }));
  if (guest === null) return;
  useGuests.setState(({ guests }) => ({ guests: [...guests, guest] }));
  add(guest.id);
  goTo('create');
}

/** Null while nothing is compared. A video that has left the library is left out. */
export function useCompared(): readonly GuestVideo[] | null {
  const ids = useNavigation((state) => state.comparedIds);
  const library = useSlice('library');
  const { guests } = useGuests();
  if (ids === null) return null;
  return videosOf(ids, library, guests);
}
