/** Which page is open, what the stage shows, and whether the keyboard shortcuts are. */
import { create } from 'zustand';

export const PAGES = ['create', 'library', 'models', 'machine', 'settings'] as const;
export type Page = (typeof PAGES)[number];

interface Navigation {
  readonly page: Page;
  /** A video that was opened on the stage; null: the stage shows a job. */
  readonly openVideoId: string | null;
  /** The job on the stage. It stays there with its results when the next one starts; null: whichever runs. */
  readonly stageJobId: string | null;
  /** Videos beside each other on the stage, by id; null: none are compared. */
  readonly comparedIds: readonly string[] | null;
  readonly isHelpOpen: boolean;
}

export const useNavigation = create<Navigation>(() => ({
  // A page that main loads again says where it was.
  page: PAGES.find((page) => window.location.hash === `#${page}`) ?? 'create',
  openVideoId: null,
  stageJobId: null,
  isHelpOpen: false,
  comparedIds: null,
}));
export const goTo = (page: Page): void => useNavigation.setState({ page });
export const openVideo = (videoId: string): void =>
  useNavigation.setState({ page: 'create', openVideoId: videoId, comparedIds: null });
export const showJob = (jobId: string): void =>
  useNavigation.setState({ openVideoId: null, stageJobId: jobId, comparedIds: null });
export const followRunningJob = (): void =>
  useNavigation.setState({ openVideoId: null, stageJobId: null, comparedIds: null });
export const showHelp = (): void => useNavigation.setState({ isHelpOpen: true });
export const hideHelp = (): void => useNavigation.setState({ isHelpOpen: false });
