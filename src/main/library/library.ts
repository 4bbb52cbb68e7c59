/** The videos made so far: read back from the files themselves, newest first. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import { inTurn } from '../../shared/in-turn';
import { videoMetadataSchema, type LibraryVideo, type VideoMetadata } from '../../shared/library';
import { thumbnailUrl, videoUrl } from '../../shared/urls';
import { fileInside, type Located } from '../window/app-files';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import { readMp4, type Mp4Facts } from './mp4';

export interface LibraryPorts {
  readonly files: Files;
  readonly log: Log;
  readonly folder: () => string;
  readonly thumbnailsFolder: string;
  /** A JPEG of a true frame of the video, by its address; null where it cannot be had. */
  readonly makeThumbnail: (videoUrl: string) => Promise<Uint8Array | null>;
}

export interface Library {
  readonly get: () => readonly LibraryVideo[];
  readonly scan: () => Promise<void>;
  /** Takes new files in; their ids, in the same order. */
  readonly add: (paths: readonly string[]) => Promise<readonly string[]>;
  /** The file of a video; throws VIDEO_NOT_FOUND. */
  readonly fileOf: (videoId: string) => Promise<string>;
  readonly thumbnailOf: (videoId: string) => Promise<string | null>;
  readonly locateVideo: (videoId: string) => Located | null;
  readonly locateThumbnail: (videoId: string) => Located | null;
  /** What a file says about how it was made; throws METADATA_UNREADABLE. */
  readonly readMetadata: (file: string) => Promise<VideoMetadata>;
}

/** An id that is the same at every start and says nothing of where the file lies. */
const idOf = (file: string, sizeBytes: number, modifiedMs: number): string =>
  createHash('sha256')
    .update(`${file}\0${String(sizeBytes)}\0${String(modifiedMs)}`)
    .digest('hex')
    .slice(0, 24);

export function createLibrary(ports: LibraryPorts, onVideos: (videos: readonly LibraryVideo[]) => void): Library {
  const { files, log } = ports;
  let videos: readonly LibraryVideo[] = [];
  let filesById: ReadonlyMap<string, string> = new Map();
  const scanInTurn = inTurn();
  let drawing: Promise<void> = Promise.resolve();

  const thumbnailFile = (videoId: string): string => path.join(ports.thumbnailsFolder, `${videoId}.jpg`);

  const readVideo = async (file: string): Promise<LibraryVideo | null> => {
    const info = await files.stat(file);
    if (info?.kind !== 'file') return null;
    const facts = await readMp4(files, file, info.sizeBytes);
    const metadata = metadataOf(facts);
    if (facts === null || metadata === null) return null;
    const id = idOf(file, info.sizeBytes, info.modifiedMs);
    return {
      id,
      fileName: path.basename(file),
      sizeBytes: info.sizeBytes,
      createdAtMs: info.modifiedMs,
      durationMs: facts.durationMs,
      frameRate: facts.frameRate,
      videoUrl: videoUrl(id),
      thumbnailUrl: (await files.stat(thumbnailFile(id))) === null ? null : thumbnailUrl(id),
      metadata,
    };
  };

  const scanOnce = async (): Promise<void> => {
    const folder = ports.folder();
    const found = new Map<string, string>();
    const next: LibraryVideo[] = [];
    for (const name of await files.list(folder)) {
      if (!name.toLowerCase().endsWith('.mp4') || name.startsWith('.')) continue;
      const file = path.join(folder, name);
      const video = await readVideo(file).catch(() => null);
      if (video === null) continue;
      found.set(video.id, file);
      next.push(video);
    }
    filesById = found;
    videos = next.sort((a, b) => b.createdAtMs - a.createdAtMs);
    onVideos(videos);
    drawing = drawing.then(drawMissing);
  };
  const scan = (): Promise<void> => scanInTurn(scanOnce);

  /** One after another: each takes a hidden page a moment. */
  const drawMissing = async (): Promise<void> => {
    for (const video of videos.filter((other) => other.thumbnailUrl === null)) {
      try {
        const jpeg = await ports.makeThumbnail(video.videoUrl);
        if (jpeg === null) continue;
        await files.writeAtomically(thumbnailFile(video.id), jpeg);
        videos = videos.map((other) =>
          other.id === video.id ? { ...other, thumbnailUrl: thumbnailUrl(video.id) } : other,
        );
        onVideos(videos);
      } catch (error) {
        log.error('a thumbnail could not be made', error);
      }
    }
  };

  return {
    get: () => videos,
    scan,
    add: async (paths) => {
      await scan();
      const idByFile = new Map([...filesById].map(([id, file]) => [file, id]));
      return paths.flatMap((file) => idByFile.get(file) ?? []);
    },
    fileOf: async (videoId) => {
      const file = filesById.get(videoId);
      const found = file === undefined ? null : await fileInside(files, ports.folder(), file);
      if (found === null) throw new SplitreelError(appError('VIDEO_NOT_FOUND'));
      return found.path;
    },
    thumbnailOf: async (videoId) => {
      if (!filesById.has(videoId)) return null;
      const file = thumbnailFile(videoId);
      return (await files.stat(file)) === null ? null : file;
    },
    locateVideo: (videoId) => {
      const file = filesById.get(videoId);
      return file === undefined ? null : { folder: ports.folder(), file };
    },
    locateThumbnail: (videoId) =>
      filesById.has(videoId) ? { folder: ports.thumbnailsFolder, file: thumbnailFile(videoId) } : null,
    readMetadata: async (file) => {
      const info = await files.stat(file).catch(() => null);
      const facts = info?.kind === 'file' ? await readMp4(files, file, info.sizeBytes).catch(() => null) : null;
      const metadata = metadataOf(facts);
      if (metadata === null) throw new SplitreelError(appError('METADATA_UNREADABLE', { file: path.basename(file) }));
      return metadata;
    },
  };
}

function metadataOf(facts: Mp4Facts | null): VideoMetadata | null {
  if (facts?.comment === null || facts === null) return null;
  try {
    return videoMetadataSchema.parse(JSON.parse(facts.comment));
  } catch {
    return null;
  }
}
