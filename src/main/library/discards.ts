/**
 * Discarded videos leave the library immediately and go to the system's bin a minute later, so that a discard can be
 * undone. After a crash in between they are back, because no file was touched.
 */
import type { Clock } from '../ports/clock';
import type { Log } from '../ports/log';
import type { Library } from './library';

const UNDO_MS = 60_000;

export interface DiscardPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly library: Pick<Library, 'hide' | 'show' | 'fileOf' | 'scan'>;
  readonly moveToBin: (file: string) => Promise<void>;
}

export interface Discards {
  readonly discard: (videoIds: readonly string[]) => void;
  readonly restore: (videoIds: readonly string[]) => void;
  /** Moves pending videos to the bin, before the app quits. */
  readonly flush: () => Promise<void>;
}

/** Videos that were discarded together and go to the bin together. */
interface Batch {
  readonly videoIds: Set<string>;
  readonly cancel: () => void;
}

export function createDiscards({ clock, log, library, moveToBin }: DiscardPorts): Discards {
  const batches = new Set<Batch>();

  const remove = async (batch: Batch): Promise<void> => {
    batches.delete(batch);
    for (const videoId of batch.videoIds)
      try {
        await moveToBin(await library.fileOf(videoId));
      } catch (error) {
        log.error('a discarded video could not be moved to the bin', error);
      }
    // Scan first, so that a deleted video doesn't flash up; one that couldn't be moved is shown again.
    await library.scan().catch((error: unknown) => log.error('the videos could not be read', error));
    library.show([...batch.videoIds]);
  };
  const isWaiting = (videoId: string): boolean => [...batches].some(({ videoIds }) => videoIds.has(videoId));

  return {
    discard: (videoIds) => {
      const fresh = new Set(videoIds.filter((videoId) => !isWaiting(videoId)));
      const batch: Batch = { videoIds: fresh, cancel: clock.after(UNDO_MS, () => void remove(batch)) };
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
      const open = [...batches];
      for (const { cancel } of open) cancel();
      await Promise.all(open.map(remove));
    },
  };
}
