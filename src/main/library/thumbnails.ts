/** Makes thumbnails on request, the newest request first, because it is for a visible video. */
import path from 'node:path';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';

export interface ThumbnailPorts {
  readonly files: Pick<Files, 'stat' | 'writeAtomically'>;
  readonly log: Log;
  readonly folder: string;
  /** A JPEG of a frame of the video at this URL; null if that fails. */
  readonly makeThumbnail: (videoUrl: string) => Promise<Uint8Array | null>;
}

export interface Thumbnails {
  readonly fileOf: (videoId: string) => string;
  /** The file, made first if missing; null if no frame can be shown or the request was withdrawn. */
  readonly get: (videoId: string, videoUrl: string, signal?: AbortSignal) => Promise<string | null>;
}

interface Waiting {
  readonly run: () => Promise<void>;
  readonly signal: AbortSignal | undefined;
  readonly skip: () => void;
}

export function createThumbnails({ files, log, folder, makeThumbnail }: ThumbnailPorts): Thumbnails {
  const fileOf = (videoId: string): string => path.join(folder, `${videoId}.jpg`);
  const failedIds = new Set<string>();
  const waiting: Waiting[] = [];
  let isWorking = false;

  const make = async (videoId: string, videoUrl: string): Promise<string | null> => {
    const file = fileOf(videoId);
    if ((await files.stat(file)) !== null) return file;
    const jpeg = failedIds.has(videoId) ? null : await makeThumbnail(videoUrl);
    if (jpeg === null) {
      failedIds.add(videoId);
      return null;
    }
    await files.writeAtomically(file, jpeg);
    return file;
  };
  /** One after another: each takes a hidden page for a moment. */
  const work = async (): Promise<void> => {
    if (isWorking) return;
    isWorking = true;
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next.signal?.aborted === true) next.skip();
      else await next.run();
    }
    isWorking = false;
  };
  return {
    fileOf,
    get: async (videoId, videoUrl, signal) => {
      const file = fileOf(videoId);
      if ((await files.stat(file)) !== null) return file;
      return new Promise((resolve) => {
        const run = (): Promise<void> =>
          make(videoId, videoUrl).then(resolve, (error: unknown) => {
            log.error('a thumbnail could not be made', error);
            resolve(null);
          });
        waiting.push({ run, signal, skip: () => resolve(null) });
        void work();
      });
    },
  };
}
