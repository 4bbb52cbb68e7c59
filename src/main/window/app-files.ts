/**
 * What the app:// scheme serves: the window's own files, and finished videos, thumbnails and previews by id. An address
 * never contains a path on disk, and the file for an id must be inside its folder after links are resolved.
 */
import path from 'node:path';
import { APP_ORIGIN } from '../../shared/urls';
import type { FileInfo, Files } from '../ports/files';

export type AppResource =
  | { readonly kind: 'window'; readonly segments: readonly string[] }
  | { readonly kind: 'media'; readonly videoId: string }
  | { readonly kind: 'thumbnail'; readonly videoId: string }
  /** The first frame in the form. */
  | { readonly kind: 'firstFrame' }
  | { readonly kind: 'preview'; readonly jobId: string; readonly video: number; readonly step: number };

/** Null for every address outside the app, however it is disguised. */
export function parseAppUrl(url: string): AppResource | null {
  const prefix = `${APP_ORIGIN}/`;
  if (!url.startsWith(prefix)) return null;
  const segments: string[] = [];
  for (const raw of (url.slice(prefix.length).split(/[?#]/)[0] ?? '').split('/')) {
    const segment = decodeSegment(raw);
    if (segment === null) return null;
    segments.push(segment);
  }
  const [first, ...rest] = segments;
  if (first === 'media' || first === 'thumbnail') {
    const [videoId, ...more] = rest;
    return videoId === undefined || more.length > 0 ? null : { kind: first, videoId };
  }
  if (first === 'preview') return parsePreview(rest);
  if (first === 'first-frame') return rest.length > 0 ? null : { kind: 'firstFrame' };
  return { kind: 'window', segments };
}

function decodeSegment(raw: string): string | null {
  let segment: string;
  try {
    segment = decodeURIComponent(raw);
  } catch {
    return null;
  }
  // eslint-disable-next-line no-control-regex -- rejects control characters
  const isPlain = segment !== '' && segment !== '.' && segment !== '..' && !/[/\\\u0000-\u001f]/.test(segment);
  return isPlain ? segment : null;
}

function parsePreview(rest: readonly string[]): AppResource | null {
  const [jobId, video, step, ...more] = rest;
  const isNumber = (text: string | undefined): text is string => text !== undefined && /^\d{1,6}$/.test(text);
  if (jobId === undefined || !isNumber(video) || !isNumber(step) || more.length > 0) return null;
  return { kind: 'preview', jobId, video: Number(video), step: Number(step) };
}

/** True if `file` is inside `folder`; both with links resolved. `/root-evil` is not inside `/root`. */
export function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** A file that may be served, and the folder that it must be in. */
export interface Located {
  readonly folder: string;
  readonly file: string;
}

/** The file with its links resolved, if it is a plain file inside the folder; null otherwise. */
export async function fileInside(
  files: Pick<Files, 'realPath' | 'stat'>,
  folder: string,
  file: string,
): Promise<{ readonly path: string; readonly info: FileInfo } | null> {
  try {
    const resolved = await files.realPath(file);
    if (!isInside(await files.realPath(folder), resolved)) return null;
    const info = await files.stat(resolved);
    return info?.kind === 'file' ? { path: resolved, info } : null;
  } catch {
    return null;
  }
}

export type ByteRange = { readonly start: number; readonly end: number };

/** `bytes=a-b`, `bytes=a-`, `bytes=-n` as inclusive positions; `all` for a header to ignore; null: not satisfiable. */
export function parseRange(header: string | null, size: number): ByteRange | 'all' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) return 'all';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? null : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return 'all';
  return start >= size ? null : { start, end };
}
