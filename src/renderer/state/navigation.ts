/** Which page is open, and what the stage shows. */
import { create } from 'zustand';

export const PAGES = ['create', 'library', 'models', 'machine', 'settings'] as const;
export type Page = (typeof PAGES)[number];

interface Navigation {
  readonly page: Page;
  /** A video that was opened on the stage; null: the stage follows the jobs. */
  readonly openVideoId: string | null;
}

export const useNavigation = create<Navigation>(() => ({ page: 'create', openVideoId: null }));
export const goTo = (page: Page): void => useNavigation.setState({ page });
export const openVideo = (videoId: string): void => useNavigation.setState({ page: 'create', openVideoId: videoId });
export const followJobs = (): void => useNavigation.setState({ openVideoId: null });
