import type { Language } from './language';

/** The app's own addresses. The app:// protocol serves the window's files, finished videos by id, and previews. */
export const APP_SCHEME = 'app';
/** One origin for everything: media and previews are paths, so that the content security policy can use 'self'. */
export const APP_ORIGIN = `${APP_SCHEME}://splitreel`;

/** Names the language of the page. */
export const LANGUAGE_PARAMETER = 'language';

/** `page`: the page to open; without it, the window opens its usual first page. */
export const windowUrl = (language: Language, page?: string): string =>
  `${APP_ORIGIN}/index.html?${LANGUAGE_PARAMETER}=${language}${page === undefined ? '' : `#${page}`}`;
export const videoUrl = (videoId: string): string => `${APP_ORIGIN}/media/${encodeURIComponent(videoId)}`;
export const thumbnailUrl = (videoId: string): string => `${APP_ORIGIN}/thumbnail/${encodeURIComponent(videoId)}`;
export const previewUrl = (jobId: string, video: number, step: number): string =>
  `${APP_ORIGIN}/preview/${encodeURIComponent(jobId)}/${String(video)}/${String(step)}`;
/** The main process knows which image is chosen: the path only makes each image's address different. */
export const firstFrameUrl = (imagePath: string): string =>
  `${APP_ORIGIN}/first-frame?${encodeURIComponent(imagePath)}`;
