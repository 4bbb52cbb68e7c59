/** Video files from outside the library, dropped in to compare: available for this session only. */
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import { parseVideoMetadata, type GuestVideo } from '../../shared/library';
import { videoUrl } from '../../shared/urls';
import type { Files } from '../ports/files';
import type { Random } from '../ports/random';
import type { Located } from '../window/app-files';
import { readMp4 } from './mp4';

/** Beyond this, the oldest is dropped. */
const MAX_GUESTS = 16;

export interface Guests {
  /** Throws VIDEO_UNREADABLE. */
  readonly open: (file: string) => Promise<GuestVideo>;
  readonly locate: (videoId: string) => Located | null;
}

export function createGuests({ files, random }: { readonly files: Files; readonly random: Random }): Guests {
  const filesById = new Map<string, string>();
  return {
    open: async (file) => {
      const info = await files.stat(file).catch(() => null);
      const facts = info?.kind === 'file' ? await readMp4(files, file, info.sizeBytes).catch(() => null) : null;
      if (facts === null) throw new SplitreelError(appError('VIDEO_UNREADABLE', { file: path.basename(file) }));
      const id = `guest-${random.id()}`;
      filesById.set(id, file);
      for (const oldest of [...filesById.keys()].slice(0, -MAX_GUESTS)) filesById.delete(oldest);
      return {
        id,
        fileName: path.basename(file),
        durationMs: facts.durationMs,
        frameRate: facts.frameRate,
        videoUrl: videoUrl(id),
        metadata: facts.comment === null ? null : parseVideoMetadata(facts.comment),
      };
    },
    locate: (videoId) => {
      const file = filesById.get(videoId);
      return file === undefined ? null : { folder: path.dirname(file), file };
    },
  };
}
