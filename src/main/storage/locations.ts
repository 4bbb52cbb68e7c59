/**
 * Where the environment and the downloads are, and moving them. One file records it; it is replaced by rename, so it
 * always names a complete folder.
 */
import path from 'node:path';
import { z } from 'zod';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { LOCATION_NAMES, type LocationName } from '../../shared/storage';
import type { Clock } from '../ports/clock';
import { openJsonStore } from '../state/json-store';
import { finishMove, moveFolder, checkSpace, type MoveOptions, type MovePorts } from './move-folder';

/** Null: the default folder. */
const fileSchema = z.object({
  environment: z.string().nullable().default(null),
  downloads: z.string().nullable().default(null),
});

export interface Locations {
  readonly folderOf: (name: LocationName) => string;
  readonly isDefault: (name: LocationName) => boolean;
  /** To a new folder inside `chosen`; null: back to the default folder. */
  readonly move: (name: LocationName, chosen: string | null, options?: MoveOptions) => Promise<void>;
  /** What an interrupted move was moving, or null. */
  readonly unfinished: () => LocationName | null;
  /** Finishes an interrupted move. */
  readonly resume: (options?: MoveOptions) => Promise<void>;
  /** STORE_CORRUPT if the file had to be set aside, so that the defaults apply again. */
  readonly problem: AppError | null;
}

export async function openLocations(
  ports: MovePorts & { readonly clock: Clock },
  options: { readonly file: string; readonly defaults: Readonly<Record<LocationName, string>> },
): Promise<Locations> {
  const { files, journal } = ports;
  const { defaults } = options;
  const fallback = { environment: null, downloads: null };
  const store = await openJsonStore(ports, { file: options.file, schema: fileSchema, fallback });
  const folderOf = (name: LocationName): string => store.value()[name] ?? defaults[name];
  const unfinished = (): LocationName | null =>
    LOCATION_NAMES.find((name) => name === journal.current()?.purpose) ?? null;
  const pointTo = (name: LocationName, folder: string): Promise<void> =>
    store.save({ ...store.value(), [name]: folder === defaults[name] ? null : folder });

  const refuse = async (from: string, to: string): Promise<void> => {
    if (journal.current() !== null) throw new SplitreelError(appError('MOVE_RUNNING'));
    if (!path.relative(from, to).startsWith('..'))
      throw new SplitreelError(appError('FOLDER_NESTED', { folder: to, outer: from }));
    const there = await files.stat(to);
    if (there !== null && there.kind !== 'folder') throw new SplitreelError(appError('OUTPUT_EXISTS', { file: to }));
    if ((await files.list(to)).length > 0) throw new SplitreelError(appError('FOLDER_NOT_EMPTY', { folder: to }));
    if (!(await files.canWrite(to))) throw new SplitreelError(appError('FOLDER_READ_ONLY', { folder: to }));
    if ((await files.stat(from)) !== null) await checkSpace(files, from, to, await files.folderBytes(from));
  };

  return {
    folderOf,
    isDefault: (name) => store.value()[name] === null,
    move: async (name, chosen, moveOptions = {}) => {
      const from = folderOf(name);
      const to = chosen === null ? defaults[name] : path.join(path.resolve(chosen), 'splitreel', name);
      if (to === from) return;
      await refuse(from, to);
      // moveFolder rejects a target that exists, even an empty folder.
      await files.remove(to);
      await moveFolder(ports, { purpose: name, from, to }, { ...moveOptions, onArrived: () => pointTo(name, to) });
    },
    unfinished,
    resume: async (moveOptions = {}) => {
      const name = unfinished();
      const to = journal.current()?.to;
      if (name === null || to === undefined) return;
      await finishMove(ports, { ...moveOptions, onArrived: () => pointTo(name, to) });
    },
    problem: store.problem,
  };
}
