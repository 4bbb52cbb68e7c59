/** The videos made so far: read from the files themselves, newest first, and updated when the folder changes. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { appError, SplitreelError } from '../../shared/errors';
import { sequentially } from '../../shared/sequentially';
import { parseVideoMetadata, type LibraryVideo, type VideoMetadata } from '../../shared/library';
import { thumbnailUrl, videoUrl } from '../../shared/urls';
import { fileInside, type Located } from '../window/app-files';
import type { Clock } from '../ports/clock';
import type { FileInfo, Files } from '../ports/files';
import type { Log } from '../ports/log';
import { readMp4, type Mp4Facts } from './mp4';
import { createThumbnails } from './thumbnails';

export interface LibraryPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly folder: () => string;
  readonly thumbnailsFolder: string;
  /** A JPEG of a frame of the video at this URL; null if that fails. */
  readonly makeThumbnail: (videoUrl: string) => Promise<Uint8Array | null>;
}

/** A video as its file describes it, without the user's marks. */
export type VideoFile = Omit<LibraryVideo, 'marks'>;

export interface Library {
  readonly get: () => readonly VideoFile[];
  /** Reads the folder and watches it until `stop`. */
  readonly scan: () => Promise<void>;
  /** Scans in the background; a failure is only logged. */
  readonly rescan: () => void;
  /** Adds new files and returns their ids in the same order. */
  readonly add: (paths: readonly string[]) => Promise<readonly string[]>;
  /** The file of a video; throws VIDEO_NOT_FOUND. */
  readonly fileOf: (videoId: string) => Promise<string>;
  /** Null if none has been made yet. */
  readonly thumbnailOf: (videoId: string) => Promise<string | null>;
  readonly locateVideo: (videoId: string) => Located | null;
  /** Makes the thumbnail if it is missing. */
  readonly locateThumbnail: (videoId: string, signal?: AbortSignal) => Promise<Located | null>;
  /** The settings stored in a file; throws METADATA_UNREADABLE. */
  readonly readMetadata: (file: string) => Promise<VideoMetadata>;
  /** Hides videos; their files stay. */
  readonly hide: (videoIds: readonly string[]) => void;
  readonly show: (videoIds: readonly string[]) => void;
  readonly stop: () => void;
}

export interface LibraryListener {
  /** A new or changed video, before the scan ends. */
  readonly onRead: (video: VideoFile) => void;
  /** All videos of the folder, after each scan. */
  readonly onScanned: (videos: readonly VideoFile[]) => void;
  /** The visible videos. */
  readonly onVideos: (videos: readonly VideoFile[]) => void;
}

/** Writing one video causes several folder changes, which are handled together. */
const SETTLE_MS = 300;

const isVideoName = (name: string): boolean => name.toLowerCase().endsWith('.mp4') && !name.startsWith('.');

interface KnownFile {
  readonly info: FileInfo;
  /** Null: not a video of ours. */
  readonly video: VideoFile | null;
}

export function createLibrary(ports: LibraryPorts, { onRead, onScanned, onVideos }: LibraryListener): Library {
  const { files, log } = ports;
  const thumbnails = createThumbnails({ ...ports, folder: ports.thumbnailsFolder });
  let known: ReadonlyMap<string, KnownFile> = new Map();
  let videos: readonly VideoFile[] = [];
  let filesById: ReadonlyMap<string, string> = new Map();
  let hidden: ReadonlySet<string> = new Set();
  const publish = (): void => onVideos(hidden.size === 0 ? videos : videos.filter(({ id }) => !hidden.has(id)));
  const scanInTurn = sequentially();

  // In steps: sorting, matching and publishing 10,000 videos in one go would block main for 50 ms.
  const scanOnce = async (): Promise<void> => {
    const found = await readFolder(files, ports.folder(), { known, onRead });
    await setImmediate();
    const ours = oursIn(found);
    await setImmediate();
    // Together, because hiding a video publishes the list at any time, and it must have its marks then.
    known = found;
    filesById = new Map(ours.map(({ file, video }) => [video.id, file]));
    videos = ours.map(({ video }) => video);
    onScanned(videos);
    await setImmediate();
    publish();
  };
  const rescan = (): void => {
    scan().catch((error: unknown) => log.error('the videos could not be read', error));
  };
  const follower = createFollower(ports, rescan);
  const scan = (): Promise<void> =>
    scanInTurn(async () => {
      follower.follow((await files.stat(ports.folder())) === null ? null : ports.folder());
      await scanOnce();
    });

  return {
    get: () => videos,
    scan,
    rescan,
    add: async (paths) => {
      await scan();
      const idByFile = new Map([...filesById].map(([id, file]) => [file, id]));
      return paths.flatMap((file) => idByFile.get(file) ?? []);
    },
    fileOf: async (videoId) => {
      const file = filesById.get(videoId);
      // Not the path behind a link: whoever deletes this video must not delete another one.
      if (file !== undefined && (await fileInside(files, ports.folder(), file)) !== null) return file;
      // The folder changed unnoticed, as on a network drive.
      rescan();
      throw new SplitreelError(appError('VIDEO_NOT_FOUND'));
    },
    thumbnailOf: async (videoId) => {
      const file = thumbnails.fileOf(videoId);
      return filesById.has(videoId) && (await files.stat(file)) !== null ? file : null;
    },
    locateVideo: (videoId) => {
      const file = filesById.get(videoId);
      return file === undefined ? null : { folder: ports.folder(), file };
    },
    locateThumbnail: async (videoId, signal) => {
      if (!filesById.has(videoId)) return null;
      const file = await thumbnails.get(videoId, videoUrl(videoId), signal);
      return file === null ? null : { folder: ports.thumbnailsFolder, file };
    },
    readMetadata: (file) => readMetadata(files, file),
    hide: (videoIds) => {
      hidden = new Set([...hidden, ...videoIds]);
      publish();
    },
    show: (videoIds) => {
      const shown = new Set(videoIds);
      hidden = new Set([...hidden].filter((id) => !shown.has(id)));
      publish();
    },
    stop: follower.stop,
  };
}

/** Newest first. */
const oursIn = (
  found: ReadonlyMap<string, KnownFile>,
): readonly { readonly file: string; readonly video: VideoFile }[] =>
  [...found]
    .flatMap(([file, { video }]) => (video === null ? [] : [{ file, video }]))
    .sort((a, b) => b.video.createdAtMs - a.video.createdAtMs);

interface FolderOptions extends Pick<LibraryListener, 'onRead'> {
  readonly known: ReadonlyMap<string, KnownFile>;
}

async function readFolder(
  files: Files,
  folder: string,
  { known, onRead }: FolderOptions,
): Promise<ReadonlyMap<string, KnownFile>> {
  const found = new Map<string, KnownFile>();
  for (const name of await files.list(folder)) {
    if (!isVideoName(name)) continue;
    const file = path.join(folder, name);
    const read = await readKnown(files, file, { before: known.get(file), onRead });
    if (read !== null) found.set(file, read);
  }
  return found;
}

interface ReadOptions extends Pick<LibraryListener, 'onRead'> {
  readonly before: KnownFile | undefined;
}

/** Null if there is no such file. An unchanged file isn't read again. */
async function readKnown(files: Files, file: string, { before, onRead }: ReadOptions): Promise<KnownFile | null> {
  const info = await files.stat(file).catch(() => null);
  if (info?.kind !== 'file') return null;
  if (before?.info.sizeBytes === info.sizeBytes && before.info.modifiedMs === info.modifiedMs) return before;
  const video = await readVideo(files, file, info).catch(() => null);
  // A link to a file elsewhere couldn't be played: only files inside the folder are served.
  if (video !== null && (await fileInside(files, path.dirname(file), file)) === null) return { info, video: null };
  if (video !== null) onRead(video);
  return { info, video };
}

async function readVideo(files: Files, file: string, info: FileInfo): Promise<VideoFile | null> {
  const facts = await readMp4(files, file, info.sizeBytes);
  const metadata = metadataOf(facts);
  if (facts === null || metadata === null) return null;
  const id = idOf(file, info);
  return {
    id,
    fileName: path.basename(file),
    sizeBytes: info.sizeBytes,
    createdAtMs: info.modifiedMs,
    durationMs: facts.durationMs,
    frameRate: facts.frameRate,
    videoUrl: videoUrl(id),
    thumbnailUrl: thumbnailUrl(id),
    metadata,
  };
}

/** An id that is stable across starts and doesn't reveal the file's location. */
const idOf = (file: string, { sizeBytes, modifiedMs }: FileInfo): string =>
  createHash('sha256')
    .update(`${file}\0${String(sizeBytes)}\0${String(modifiedMs)}`)
    .digest('hex')
    .slice(0, 24);

const metadataOf = (facts: Mp4Facts | null): VideoMetadata | null =>
  facts?.comment === undefined || facts.comment === null ? null : parseVideoMetadata(facts.comment);

async function readMetadata(files: Files, file: string): Promise<VideoMetadata> {
  const info = await files.stat(file).catch(() => null);
  const facts = info?.kind === 'file' ? await readMp4(files, file, info.sizeBytes).catch(() => null) : null;
  const metadata = metadataOf(facts);
  if (metadata === null) throw new SplitreelError(appError('METADATA_UNREADABLE', { file: path.basename(file) }));
  return metadata;
}

interface Follower {
  /** Null: the folder doesn't exist, and the next scan tries again. */
  readonly follow: (folder: string | null) => void;
  readonly stop: () => void;
}

/** Watches one folder at a time; changes in quick succession count as one. */
function createFollower({ files, clock }: Pick<LibraryPorts, 'files' | 'clock'>, onChange: () => void): Follower {
  let followed: { readonly folder: string; readonly stop: () => void } | null = null;
  let cancelPending: (() => void) | null = null;
  const stop = (): void => {
    followed?.stop();
    cancelPending?.();
    followed = null;
    cancelPending = null;
  };
  const changed = (name: string | null): void => {
    // Another folder may take its place: the next scan watches that one.
    if (name === null) {
      followed?.stop();
      followed = null;
    }
    // For a video that is being written, only the last change counts.
    if (name === null || isVideoName(name))
      cancelPending ??= clock.after(SETTLE_MS, () => {
        cancelPending = null;
        onChange();
      });
  };
  return {
    follow: (folder) => {
      if (followed?.folder === folder) return;
      stop();
      const stopWatching = folder === null ? null : files.watchFolder(folder, changed);
      if (folder !== null && stopWatching !== null) followed = { folder, stop: stopWatching };
    },
    stop,
  };
}
