/** Responds to requests to app://: headers, ranges and bodies. app-files.ts maps addresses to files. */
import path from 'node:path';
import type { Files } from '../ports/files';
import { fileInside, parseAppUrl, parseRange, type AppResource, type ByteRange, type Located } from './app-files';

/** Nothing from elsewhere, nothing inline, no connections: the page communicates only through its preload. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "media-src 'self'",
  "font-src 'self'",
  "connect-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.mp4': 'video/mp4',
};

/** Large enough for smooth playback, small enough that a seek doesn't wait for data that isn't needed. */
const CHUNK_BYTES = 262_144;

/** Locates the files that the app makes. */
export interface AppFileSources {
  readonly files: Pick<Files, 'realPath' | 'stat' | 'readRange'>;
  readonly locateVideo: (videoId: string) => Located | null;
  /** Makes the thumbnail if there is none; gives up when the signal is aborted. */
  readonly locateThumbnail: (videoId: string, signal?: AbortSignal) => Promise<Located | null>;
  /** The first frame that the user chose, or null. */
  readonly locateFirstFrame: () => Located | null;
  readonly locatePreview: (jobId: string, video: number, step: number) => Located | null;
}

export interface AppProtocolPorts extends AppFileSources {
  readonly windowFolder: string;
}

export interface AppRequest {
  readonly url: string;
  readonly method: string;
  readonly range: string | null;
  /** Aborted when the page no longer needs the response. */
  readonly signal?: AbortSignal;
}

export interface AppResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array> | null;
}

const SECURITY_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  // Without this, a page could leak data by prefetching names from a DNS server.
  'x-dns-prefetch-control': 'off',
} as const;

/** An empty page of our origin, on which thumbnails are drawn. */
const BLANK_PAGE = 'blank.html';

function blankPage(): AppResponse {
  const bytes = new TextEncoder().encode('<!doctype html><title>Splitreel</title>');
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  return { status: 200, headers: { ...SECURITY_HEADERS, 'content-type': 'text/html; charset=utf-8' }, body };
}

const refuse = (status: number, extra: Readonly<Record<string, string>> = {}): AppResponse => ({
  status,
  headers: { ...SECURITY_HEADERS, ...extra },
  body: null,
});

export async function answerAppRequest(ports: AppProtocolPorts, request: AppRequest): Promise<AppResponse> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, { allow: 'GET, HEAD' });
  const resource = parseAppUrl(request.url);
  if (resource?.kind === 'window' && resource.segments.join('/') === BLANK_PAGE) return blankPage();
  const located = resource === null ? null : await locate(ports, resource, request.signal);
  const found = located === null ? null : await fileInside(ports.files, located.folder, located.file);
  if (resource === null || found === null) return refuse(404);
  const size = found.info.sizeBytes;
  const range = parseRange(request.range, size);
  if (range === null) return refuse(416, { 'content-range': `bytes */${size}` });
  const bytes: ByteRange = range === 'all' ? { start: 0, end: size - 1 } : range;
  return {
    status: range === 'all' ? 200 : 206,
    headers: {
      ...SECURITY_HEADERS,
      'content-type': CONTENT_TYPES[path.extname(found.path).toLowerCase()] ?? 'application/octet-stream',
      'content-length': String(bytes.end - bytes.start + 1),
      'accept-ranges': 'bytes',
      // Bundled files have a hash in their name; the others may change under the same address.
      'cache-control': 'no-cache',
      ...(range === 'all' ? {} : { 'content-range': `bytes ${bytes.start}-${bytes.end}/${size}` }),
    },
    body: request.method === 'HEAD' ? null : streamRange(ports.files, found.path, bytes),
  };
}

async function locate(ports: AppProtocolPorts, resource: AppResource, signal?: AbortSignal): Promise<Located | null> {
  switch (resource.kind) {
    case 'window':
      return { folder: ports.windowFolder, file: path.join(ports.windowFolder, ...resource.segments) };
    case 'media':
      return ports.locateVideo(resource.videoId);
    case 'thumbnail':
      return ports.locateThumbnail(resource.videoId, signal);
    case 'firstFrame':
      return imageOrNothing(ports.locateFirstFrame());
    case 'preview':
      return ports.locatePreview(resource.jobId, resource.video, resource.step);
  }
}

/** The page chooses this file, and it can be anywhere on disk, so only images are served. */
function imageOrNothing(located: Located | null): Located | null {
  const type = located === null ? undefined : CONTENT_TYPES[path.extname(located.file).toLowerCase()];
  return type?.startsWith('image/') === true && type !== CONTENT_TYPES['.svg'] ? located : null;
}

function streamRange(files: Pick<Files, 'readRange'>, file: string, range: ByteRange): ReadableStream<Uint8Array> {
  let position = range.start;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const length = Math.min(CHUNK_BYTES, range.end + 1 - position);
      const chunk = length > 0 ? await files.readRange(file, position, length) : new Uint8Array();
      position += chunk.byteLength;
      if (chunk.byteLength > 0) controller.enqueue(chunk);
      if (chunk.byteLength === 0 || position > range.end) controller.close();
    },
  });
}
