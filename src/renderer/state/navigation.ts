/** The open page, what the stage shows, and whether the keyboard shortcuts are shown. */
import { create } from 'zustand';

export const PAGES = ['create', 'library', 'models', 'machine', 'settings'] as const;
export type Page = (typeof PAGES)[number];

interface Navigation {
  readonly page: Page;
  /** A video that was opened on the stage; null: the stage shows a job. */
  readonly openVideoId: string | null;
  /** The job on the stage. Its results stay there when the next job starts; null: the running job. */
  readonly stageJobId: string | null;
  /** Ids of the videos compared on the stage; null: no comparison. */
  readonly comparedIds: readonly string[] | null;
  readonly isHelpOpen: boolean;
  /** The stage takes the focus as soon as it is on screen. */
  readonly isStageFocused: boolean;
  /** The section of Settings to begin at; null: the top. */
  readonly settingsSection: 'rewriting' | null;
}

export const useNavigation = create<Navigation>(() => ({
  // When main reloads the window, the URL contains the page that was open.
  page: PAGES.find((page) => window.location.hash === `#${page}`) ?? 'create',
  openVideoId: null,
  stageJobId: null,
  isHelpOpen: false,
  isStageFocused: false,
  comparedIds: null,
  settingsSection: null,
}));
export const goTo = (page: Page): void => useNavigation.setState({ page, settingsSection: null });
export const goToRewriting = (): void => useNavigation.setState({ page: 'settings', settingsSection: 'rewriting' });
export const openVideo = (videoId: string): void =>
  useNavigation.setState({ page: 'create', openVideoId: videoId, comparedIds: null });
export const showJob = (jobId: string): void =>
  useNavigation.setState({ openVideoId: null, stageJobId: jobId, comparedIds: null });
/** From outside the window, such as a notification: shows the result and moves the focus there. */
export const openResult = (jobId: string): void => {
  goTo('create');
  showJob(jobId);
  useNavigation.setState({ isHelpOpen: false, isStageFocused: true });
};
export const stageHasFocus = (): void => useNavigation.setState({ isStageFocused: false });
export const followRunningJob = (): void =>
  useNavigation.setState({ openVideoId: null, stageJobId: null, comparedIds: null });
export const showHelp = (): void => useNavigation.setState({ isHelpOpen: true });
export const hideHelp = (): void => useNavigation.setState({ isHelpOpen: false });
