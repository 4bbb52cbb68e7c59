/** Frames of videos that other videos start from: PNG files in the data folder, one folder per video. */
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import type { Clock } from '../ports/clock';
import type { Files } from '../ports/files';
import { currentPython, startFileCommand, type FileCommandPorts } from './file-command';
import { stemOf } from './stem';

/** Beyond the end of any video; the command takes the last frame there is. */
const LAST_FRAME = 1_000_000_000;
/** A frame that no job, no video and not the form refers to stays this long: its video may be on a drive that is away. */
const KEPT_MS = 30 * 24 * 3_600_000;
/** A newer frame is never unused: the form may be about to get it, and undo may bring it back. */
const RECENT_MS = 3_600_000;

export interface FirstFramePorts extends FileCommandPorts {
  readonly files: Pick<Files, 'stat' | 'list' | 'makeFolder' | 'remove'>;
  readonly clock: Clock;
  readonly folder: string;
}

/** Null: not known, so that every frame counts as used. */
export type UsedFrames = ReadonlySet<string> | null;

export interface FirstFrames {
  /** The path of the image; null stands for the last frame. Throws VIDEO_UNREADABLE, DISK_FULL and the like. */
  readonly save: (videoId: string, file: string, frame: number | null) => Promise<string>;
  /** Removes old frames that are not among `used`. */
  readonly prune: (used: UsedFrames) => Promise<void>;
  /** What `removeUnused` would free. */
  readonly unusedBytes: (used: UsedFrames) => Promise<number>;
  /** Removes every frame that is not among `used`, except those of the last hour. */
  readonly removeUnused: (used: UsedFrames) => Promise<void>;
}

interface UnusedImage {
  readonly file: string;
  readonly bytes: number;
}

export function createFirstFrames(ports: FirstFramePorts): FirstFrames {
  const { files, folder, clock } = ports;
  const unused = async (used: UsedFrames): Promise<readonly UnusedImage[]> => {
    if (used === null) return [];
    const found: UnusedImage[] = [];
    for (const name of await files.list(folder))
      for (const image of await files.list(path.join(folder, name))) {
        const file = path.join(folder, name, image);
        const info = used.has(file) ? null : await files.stat(file);
        if (info !== null && info.modifiedMs < clock.wallMs() - RECENT_MS) found.push({ file, bytes: info.sizeBytes });
      }
    return found;
  };
  return {
    save: async (videoId, file, frame) => {
      const stem = stemOf(file);
      const name = frame === null ? `${stem}-last-frame.png` : `${stem}-frame-${String(frame + 1)}.png`;
      const target = path.join(folder, videoId, name);
      // The id changes with the file, so an existing image is of this very video.
      if ((await files.stat(target)) !== null) return target;
      await files.makeFolder(path.dirname(target));
      const number = `--frame=${String(frame ?? LAST_FRAME)}`;
      const args = ['export', '--format=frame', number, file, target] as const;
      const made = await startFileCommand(ports, await currentPython(ports), args).result;
      if (made === null) throw new SplitreelError(appError('CANCELED'));
      return made;
    },
    unusedBytes: async (used) => (await unused(used)).reduce((sum, { bytes }) => sum + bytes, 0),
    removeUnused: async (used) => {
      const images = await unused(used);
      for (const { file } of images) await files.remove(file);
      for (const inside of new Set(images.map(({ file }) => path.dirname(file))))
        if ((await files.list(inside)).length === 0) await files.remove(inside);
    },
    prune: async (used) => {
      if (used === null) return;
      for (const name of await files.list(folder)) {
        const inside = path.join(folder, name);
        const images = (await files.list(inside)).map((image) => path.join(inside, image));
        const infos = await Promise.all(images.map((image) => files.stat(image)));
        const newest = Math.max(0, ...infos.map((info) => info?.modifiedMs ?? 0));
        const isUsed = images.some((image) => used.has(image)) || newest > clock.wallMs() - KEPT_MS;
        if (!isUsed) await files.remove(inside);
      }
    },
  };
}
