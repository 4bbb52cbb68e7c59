/** Favorites, ratings and tags, for one or many videos at once. */
import type { LibraryVideo } from '../../shared/library';
import type { MarksChange } from '../../shared/marks';
import { send } from './send';

const idsOf = (videos: readonly LibraryVideo[]): string[] => videos.map(({ id }) => id);

export function markVideos(videos: readonly LibraryVideo[], change: MarksChange): void {
  if (videos.length > 0) void send(window.splitreel.markVideos({ videoIds: idsOf(videos), change }));
}

export const areFavorites = (videos: readonly LibraryVideo[]): boolean => videos.every(({ marks }) => marks.isFavorite);

/** Makes all of them favorites, or none if all are already. */
export const toggleFavorite = (videos: readonly LibraryVideo[]): void =>
  markVideos(videos, { isFavorite: !areFavorites(videos) });

/** Null if they differ. */
export function commonRating([first, ...others]: readonly LibraryVideo[]): number | null {
  const rating = first?.marks.rating ?? null;
  return others.every(({ marks }) => marks.rating === rating) ? rating : null;
}

/** Every tag in use, the most frequent first. */
export function allTags(videos: readonly LibraryVideo[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { marks } of videos) for (const tag of marks.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || a.localeCompare(b)).map(([tag]) => tag);
}
