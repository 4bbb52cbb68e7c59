/**
 * Favorites, ratings and tags, in one file of the data folder. A video that is renamed or moved outside the app gets a
 * new id, so its marks are matched by size and modification time. They outlive the file for a while: it may be restored
 * from the trash, or be on a drive that isn't connected.
 */
import { z } from 'zod';
import type { AppError } from '../../shared/errors';
import type { LibraryVideo } from '../../shared/library';
import {
  changedMarks,
  hasMarks,
  NO_MARKS,
  videoMarksSchema,
  type MarksChange,
  type VideoMarks,
} from '../../shared/marks';
import type { Clock } from '../ports/clock';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import { openJsonStore } from '../state/json-store';
import type { VideoFile } from './library';

/** About as long as systems keep files in the trash. */
const KEPT_AFTER_MS = 30 * 24 * 3_600_000;

const entrySchema = videoMarksSchema.extend({
  sizeBytes: z.number(),
  modifiedMs: z.number(),
  /** When the file was first missed; null while it is there. */
  goneSinceMs: z.number().nullable(),
});
type Entry = z.infer<typeof entrySchema>;

const marksFileSchema = z.object({ version: z.literal(1), videos: z.record(z.string(), entrySchema) });

export interface Marks {
  /** A video with unchanged marks stays the same object. */
  readonly applyTo: (videos: readonly VideoFile[]) => readonly LibraryVideo[];
  readonly change: (videoIds: readonly string[], change: MarksChange) => Promise<void>;
  /** All videos now in the folder, including hidden ones. */
  readonly follow: (videos: readonly VideoFile[]) => void;
  readonly problem: AppError | null;
}

export interface MarksPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openMarks(
  ports: MarksPorts,
  { file, onChange }: { readonly file: string; readonly onChange: () => void },
): Promise<Marks> {
  const store = await openJsonStore(ports, {
    file,
    schema: marksFileSchema,
    fallback: { version: 1, videos: {} },
    isCompact: true,
    long: { key: 'videos', item: entrySchema },
  });
  let entries: ReadonlyMap<string, Entry> = new Map(Object.entries(store.value().videos));
  let files: ReadonlyMap<string, VideoFile> = new Map();
  const marked = createMarked();

  const save = (next: ReadonlyMap<string, Entry>): Promise<void> => {
    entries = next;
    return store.save({ version: 1, videos: Object.fromEntries(next) });
  };
  return {
    applyTo: (videos) => videos.map((video) => marked(video, entries.get(video.id))),
    change: async (videoIds, change) => {
      const next = new Map(entries);
      for (const video of videoIds.flatMap((id) => files.get(id) ?? [])) {
        const marks = changedMarks(marksOf(next.get(video.id)), change);
        if (hasMarks(marks)) next.set(video.id, { ...marks, ...identityOf(video), goneSinceMs: null });
        else next.delete(video.id);
      }
      const saved = save(next);
      onChange();
      await saved;
    },
    follow: (videos) => {
      files = new Map(videos.map((video) => [video.id, video]));
      const next = followed(entries, files, ports.clock.wallMs());
      if (next !== null)
        save(next).catch((error: unknown) => ports.log.error('the marks of videos could not be saved', error));
    },
    problem: store.problem,
  };
}

const marksOf = (entry: Entry | undefined): VideoMarks =>
  entry === undefined ? NO_MARKS : { isFavorite: entry.isFavorite, rating: entry.rating, tags: entry.tags };

const identityOf = ({ sizeBytes, createdAtMs }: VideoFile): Pick<Entry, 'sizeBytes' | 'modifiedMs'> => ({
  sizeBytes,
  modifiedMs: createdAtMs,
});

const identityKey = ({ sizeBytes, modifiedMs }: Pick<Entry, 'sizeBytes' | 'modifiedMs'>): string =>
  `${String(sizeBytes)}:${String(modifiedMs)}`;

/** The entries for these files; null if nothing changes. */
function followed(
  entries: ReadonlyMap<string, Entry>,
  files: ReadonlyMap<string, VideoFile>,
  nowMs: number,
): ReadonlyMap<string, Entry> | null {
  const unmarked = new Map(
    [...files.values()].filter(({ id }) => !entries.has(id)).map((file) => [identityKey(identityOf(file)), file.id]),
  );
  let isChanged = false;
  const next = new Map<string, Entry>();
  for (const [id, entry] of entries) {
    const key = identityKey(entry);
    const isThere = files.has(id);
    const movedTo = isThere ? undefined : unmarked.get(key);
    if (movedTo !== undefined) unmarked.delete(key);
    const goneSinceMs = isThere || movedTo !== undefined ? null : (entry.goneSinceMs ?? nowMs);
    const isOver = goneSinceMs !== null && nowMs - goneSinceMs > KEPT_AFTER_MS;
    isChanged ||= isOver || movedTo !== undefined || goneSinceMs !== entry.goneSinceMs;
    if (!isOver) next.set(movedTo ?? id, { ...entry, goneSinceMs });
  }
  return isChanged ? next : null;
}

/** Combines a file and its marks. The same pair gives the same object, so that only changes are sent to the window. */
function createMarked(): (video: VideoFile, entry: Entry | undefined) => LibraryVideo {
  const known = new WeakMap<VideoFile, { readonly entry: Entry | undefined; readonly video: LibraryVideo }>();
  return (file, entry) => {
    const before = known.get(file);
    if (before !== undefined && before.entry === entry) return before.video;
    const marks = marksOf(entry);
    // Following a file makes a new entry with the same marks.
    const isSame = before !== undefined && JSON.stringify(before.video.marks) === JSON.stringify(marks);
    const video = isSame ? before.video : { ...file, marks };
    known.set(file, { entry, video });
    return video;
  };
}
