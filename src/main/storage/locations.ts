/**
 * Where the environment and the downloads lie, and moving them. One file says where; it is replaced by rename, so at
 * every moment it names a folder that is whole. A move that was broken off is gone on with or ended at the next start.
 */
import path from 'node:path';
import { z } from 'zod';
import { appError, SplitreelError } from '../../shared/errors';
import { PLACE_NAMES, type PlaceName } from '../../shared/storage';
import type { Files } from '../ports/files';
import type { Processes } from '../ports/processes';

const moveSchema = z.object({ name: z.enum(PLACE_NAMES), from: z.string(), to: z.string() });
type Move = z.infer<typeof moveSchema>;

const fileSchema = z.object({
  environment: z.string().nullable().default(null),
  downloads: z.string().nullable().default(null),
  /** Begun and not ended. */
  moving: moveSchema.nullable().default(null),
});
type PlacesFile = z.infer<typeof fileSchema>;

export interface Places {
  readonly folderOf: (name: PlaceName) => string;
  readonly isDefault: (name: PlaceName) => boolean;
  /** Into a folder of ours inside `chosen`; null: back to where it lay at first. */
  readonly move: (name: PlaceName, chosen: string | null, options?: MoveOptions) => Promise<void>;
  /** Goes on with a move that was broken off. Null where there is none. */
  readonly unfinished: () => PlaceName | null;
  readonly resume: (options?: MoveOptions) => Promise<void>;
}

export interface MoveOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (copiedBytes: number, totalBytes: number) => void;
}

export interface PlacesPorts {
  readonly files: Files;
  readonly processes: Pick<Processes, 'run'>;
}

const refuse = (folder: string, problem: string): SplitreelError =>
  new SplitreelError(appError('FOLDER_UNUSABLE', { folder, problem }));

export async function openPlaces(
  ports: PlacesPorts,
  options: { readonly file: string; readonly defaults: Readonly<Record<PlaceName, string>> },
): Promise<Places> {
  const { files } = ports;
  let state = await readPlaces(files, options.file);
  const save = async (next: PlacesFile): Promise<void> => {
    await files.writeAtomically(options.file, JSON.stringify(next));
    state = next;
  };
  const folderOf = (name: PlaceName): string => state[name] ?? options.defaults[name];
  const switchTo = ({ name, to }: Move): PlacesFile => ({
    ...state,
    [name]: to === options.defaults[name] ? null : to,
  });

  /** Each step finds out for itself whether it was taken already. */
  const carryOut = async (move: Move, { signal, onProgress }: MoveOptions): Promise<void> => {
    const { name, from, to } = move;
    if (folderOf(name) !== to) {
      if ((await files.stat(to)) === null && (await files.stat(from)) !== null) {
        await files.makeFolder(path.dirname(to));
        if ((await files.deviceOf(from)) === (await files.deviceOf(path.dirname(to)))) await files.rename(from, to);
        else await copyWhole(ports, from, to, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
      }
      await save(switchTo(move));
    }
    await files.remove(from);
    await save({ ...state, moving: null });
  };
  const giveUp = async (move: Move): Promise<void> => {
    await files.remove(partOf(move.to));
    await save({ ...state, moving: null });
  };
  const run = async (move: Move, moveOptions: MoveOptions): Promise<void> => {
    try {
      await carryOut(move, moveOptions);
    } catch (error) {
      if (folderOf(move.name) === move.from) await giveUp(move);
      throw error;
    }
  };

  return {
    folderOf,
    isDefault: (name) => state[name] === null,
    move: async (name, chosen, moveOptions = {}) => {
      const from = folderOf(name);
      const to = chosen === null ? options.defaults[name] : path.join(path.resolve(chosen), 'splitreel', name);
      if (to === from) return;
      if (state.moving !== null) throw refuse(to, 'another move has not ended');
      if (!path.relative(from, to).startsWith('..')) throw refuse(to, `it lies inside ${from}`);
      if ((await files.list(to)).length > 0) throw refuse(to, 'something is there already');
      if (!(await files.canWrite(to))) throw refuse(to, 'it cannot be written to');
      await refuseWithoutRoomFor(files, from, to);
      // An empty folder there would be in the rename's way.
      await files.remove(to);
      const move: Move = { name, from, to };
      await save({ ...state, moving: move });
      await run(move, moveOptions);
    },
    unfinished: () => state.moving?.name ?? null,
    resume: async (moveOptions = {}) => {
      if (state.moving !== null) await run(state.moving, moveOptions);
    },
  };
}

async function readPlaces(files: Files, file: string): Promise<PlacesFile> {
  const text = await files.readText(file).catch(() => '{}');
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch {
    return fileSchema.parse({});
  }
}

async function refuseWithoutRoomFor(files: Files, from: string, to: string): Promise<void> {
  if ((await files.stat(from)) === null) return;
  if ((await files.deviceOf(from)) === (await files.deviceOf(to))) return;
  const [needed, free] = await Promise.all([files.folderBytes(from), files.freeBytes(to)]);
  if (free >= needed) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new SplitreelError(appError('DISK_FULL', { folder: to, needed: gigabytes(needed), free: gigabytes(free) }));
}

const partOf = (to: string): string => `${to}.part`;

/** To another disk: beside the target, onto the platters, then by rename. What was copied before is kept. */
async function copyWhole(
  { files, processes }: PlacesPorts,
  from: string,
  to: string,
  options: MoveOptions,
): Promise<void> {
  await files.copyFolder(from, partOf(to), options);
  // `sync FOLDER` writes out the file system that holds it; where there is no such program the rename has to do.
  await processes.run('sync', { args: ['-f', partOf(to)], env: { PATH: '/usr/bin:/bin' } });
  await files.rename(partOf(to), to);
}
