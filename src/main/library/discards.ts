/**
 * Videos that a person has discarded: out of the library at once, in the system's bin a minute later, so that a
 * discard can be taken back. After a crash in between they are there again, because no file was touched.
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
  /** Moves what still waits to the bin: before the app quits. */
  readonly flush: () => Promise<void>;
}

export function createDiscards({ clock, log, library, moveToBin }: DiscardPorts): Discards {
  const waiting = new Map<string, () => void>();

  const remove = async (videoId: string): Promise<void> => {
    waiting.delete(videoId);
    try {
      await moveToBin(await library.fileOf(videoId));
    } catch (error) {
      log.error('a discarded video could not be moved to the bin', error);
    }
    // Read first, so that a video that has gone does not flash up; one that could not be moved is shown again.
    await library.scan();
    library.show([videoId]);
  };
  return {
    discard: (videoIds) => {
      for (const videoId of videoIds)
        if (!waiting.has(videoId))
          waiting.set(
            videoId,
            clock.after(UNDO_MS, () => void remove(videoId)),
          );
      library.hide(videoIds);
    },
    restore: (videoIds) => {
      for (const videoId of videoIds) {
        waiting.get(videoId)?.();
        waiting.delete(videoId);
      }
      library.show(videoIds);
    },
    flush: async () => {
      const open = [...waiting.entries()];
      for (const [, cancel] of open) cancel();
      await Promise.all(open.map(([videoId]) => remove(videoId)));
    },
  };
}
