/**
 * Discarded videos leave the library immediately and go to the system's trash a minute later, so that a discard can be
 * undone. After a crash in between they are back, because no file was touched.
 */
import path from 'node:path';
import { appError, type AppError } from '../../shared/errors';
import type { Clock } from '../ports/clock';
import type { Log } from '../ports/log';
import type { Library } from './library';

const UNDO_MS = 60_000;

export interface DiscardPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly library: Pick<Library, 'hide' | 'show' | 'fileOf' | 'scan'>;
  readonly moveToTrash: (file: string) => Promise<void>;
  readonly notify: (problem: AppError) => void;
}

export interface Discards {
  readonly discard: (videoIds: readonly string[]) => void;
  readonly restore: (videoIds: readonly string[]) => void;
  /** Moves pending videos to the trash, before the app quits. */
  readonly flush: () => Promise<void>;
}

/** Videos that were discarded together and go to the trash together. */
interface Batch {
  readonly videoIds: Set<string>;
  readonly cancel: () => void;
}

export function createDiscards({ clock, log, library, moveToTrash, notify }: DiscardPorts): Discards {
  const batches = new Set<Batch>();
  const removals = new Set<Promise<void>>();

  /** What went wrong, or null. A file that is no longer there needs no move. */
  const moveOne = async (videoId: string): Promise<string | null> => {
    const file = await library.fileOf(videoId).catch(() => null);
    if (file === null) return null;
    try {
      await moveToTrash(file);
      return null;
    } catch (error) {
      log.error('a discarded video could not be moved to the trash', error);
      return `${path.basename(file)}: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  const remove = async ({ videoIds }: Batch): Promise<void> => {
    const problems: string[] = [];
    for (const videoId of videoIds) {
      const problem = await moveOne(videoId);
      if (problem !== null) problems.push(problem);
    }
    // Scan first, so that a deleted video doesn't flash up; one that couldn't be moved is shown again.
    await library.scan().catch((error: unknown) => log.error('the videos could not be read', error));
    library.show([...videoIds]);
    if (problems.length > 0) notify(appError('TRASH_FAILED', {}, { details: problems.join('\n') }));
  };
  const start = (batch: Batch): void => {
    batches.delete(batch);
    const removal = remove(batch).finally(() => removals.delete(removal));
    removals.add(removal);
  };
  const isWaiting = (videoId: string): boolean => [...batches].some(({ videoIds }) => videoIds.has(videoId));

  return {
    discard: (videoIds) => {
      const fresh = new Set(videoIds.filter((videoId) => !isWaiting(videoId)));
      const batch: Batch = { videoIds: fresh, cancel: clock.after(UNDO_MS, () => start(batch)) };
      batches.add(batch);
      library.hide(videoIds);
    },
    restore: (videoIds) => {
      for (const batch of batches) {
        for (const videoId of videoIds) batch.videoIds.delete(videoId);
        if (batch.videoIds.size > 0) continue;
        batch.cancel();
        batches.delete(batch);
      }
      library.show(videoIds);
    },
    flush: async () => {
      for (const batch of batches) {
        batch.cancel();
        start(batch);
      }
      await Promise.all(removals);
    },
  };
}
