/** Where the person is: one of five places, and what the stage shows. */
import { create } from 'zustand';

export const PLACES = ['create', 'library', 'models', 'machine', 'settings'] as const;
export type Place = (typeof PLACES)[number];

interface Navigation {
  readonly place: Place;
  /** A video that was opened on the stage; null: the stage follows the jobs. */
  readonly openVideoId: string | null;
}

export const useNavigation = create<Navigation>(() => ({ place: 'create', openVideoId: null }));
export const goTo = (place: Place): void => useNavigation.setState({ place });
export const openVideo = (videoId: string): void => useNavigation.setState({ place: 'create', openVideoId: videoId });
export const followJobs = (): void => useNavigation.setState({ openVideoId: null });
