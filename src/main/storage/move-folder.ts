/**
 * Moves a folder: by rename on the same disk, otherwise by copying it next to its new location, renaming the copy, and
 * only then removing the original. A journal records each step in advance, so an interrupted move resumes, and a move
 * never removes anything that it didn't copy itself. Temporary names are random: a `.part` or `.removing` folder of
 * another origin stays.
 */
import path from 'node:path';
import { z } from 'zod';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import type { Clock } from '../ports/clock';
import { fileErrorCode, type Files } from '../ports/files';
import type { Processes } from '../ports/processes';
import type { Random } from '../ports/random';
import { openJsonStore } from '../state/json-store';

/** Decides which service resumes the move. */
export const MOVE_PURPOSES = ['environment', 'downloads', 'models'] as const;

const moveSchema = z.object({
  purpose: z.enum(MOVE_PURPOSES),
  from: z.string(),
  to: z.string(),
  /** `renaming` until the disks turn out to differ; `copied` once the copy is complete. */
  step: z.enum(['renaming', 'copying', 'copied']),
  /** The unfinished copy, next to `to`. */
  part: z.string(),
  /** The original's name while it is removed, so that a partly removed folder is never in use. */
  doomed: z.string(),
});
export type Move = z.infer<typeof moveSchema>;
type MovePurpose = Move['purpose'];

/** Holds at most one move, whatever is moved. */
export interface MoveJournal {
  readonly current: () => Move | null;
  readonly write: (move: Move | null) => Promise<void>;
  readonly problem: AppError | null;
}

export interface MovePorts {
  readonly files: Files;
  readonly processes: Pick<Processes, 'run'>;
  readonly random: Random;
  readonly journal: MoveJournal;
}

export interface MoveOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (copiedBytes: number, totalBytes: number) => void;
  /** Everything is at its new location: records the new path before the original is removed. */
  readonly onArrived?: () => Promise<void>;
}

export async function openMoveJournal(
  ports: { readonly files: Files; readonly clock: Clock },
  file: string,
): Promise<MoveJournal> {
  const schema = z.object({ move: moveSchema.nullable() });
  const store = await openJsonStore(ports, { file, schema, fallback: { move: null } });
  return { current: () => store.value().move, write: (move) => store.save({ move }), problem: store.problem };
}

/** Throws, before anything changes, if `to` is taken or another move hasn't finished. */
export async function moveFolder(
  ports: MovePorts,
  folders: { readonly purpose: MovePurpose; readonly from: string; readonly to: string },
  options: MoveOptions = {},
): Promise<void> {
  const { files, journal, random } = ports;
  const { from, to } = folders;
  if (journal.current() !== null) throw new SplitreelError(appError('MOVE_RUNNING'));
  if ((await files.stat(to)) !== null) throw new SplitreelError(appError('OUTPUT_EXISTS', { file: to }));
  const part = path.join(path.dirname(to), `.${random.id()}.part`);
  const doomed = path.join(path.dirname(from), `.${random.id()}.removing`);
  await journal.write({ ...folders, step: 'renaming', part, doomed });
  await finishMove(ports, options);
}

/** Finishes the move in the journal. Each step checks whether it is already done. */
export async function finishMove(ports: MovePorts, options: MoveOptions = {}): Promise<void> {
  const { files, journal } = ports;
  if (journal.current() === null) return;
  try {
    await bring(ports, options);
  } catch (error) {
    const failed = journal.current();
    // Nothing refers to the copy yet, so the original stays in use.
    if (failed !== null) {
      await files.remove(failed.part);
      await journal.write(null);
    }
    throw error;
  }
  await options.onArrived?.();
  const arrived = journal.current();
  if (arrived?.step === 'copied') {
    if ((await files.stat(arrived.from)) !== null) await files.rename(arrived.from, arrived.doomed);
    await files.remove(arrived.doomed);
  }
  await journal.write(null);
}

/** Resolves when `to` is complete. */
async function bring(ports: MovePorts, options: MoveOptions): Promise<void> {
  const { files, journal } = ports;
  let move = journal.current();
  if (move?.step === 'renaming' && !(await tryRename(files, move))) {
    move = { ...move, step: 'copying' };
    await journal.write(move);
  }
  if (move?.step === 'copying') {
    await copyToPart(ports, move, options);
    move = { ...move, step: 'copied' };
    await journal.write(move);
  }
  // Without the part, the rename is already done: nothing else uses its random name.
  if (move?.step === 'copied' && (await files.stat(move.part)) !== null) await files.rename(move.part, move.to);
}

/** False if `to` is on another disk. */
async function tryRename(files: Files, { from, to }: Move): Promise<boolean> {
  // `to` was free when the move began, so a missing original has been renamed.
  if ((await files.stat(from)) === null) return true;
  await files.makeFolder(path.dirname(to));
  try {
    await files.rename(from, to);
    return true;
  } catch (error) {
    if (fileErrorCode(error) === 'EXDEV') return false;
    throw error;
  }
}

async function copyToPart(
  { files, processes }: MovePorts,
  { from, part }: Move,
  { signal, onProgress }: MoveOptions,
): Promise<void> {
  await files.copyFolder(from, part, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
  // Flushes the file system that holds the copy. On a system without `sync`, the rename has to be enough.
  await processes.run('sync', { args: ['-f', part], env: { PATH: '/usr/bin:/bin' } });
}

/** Throws DISK_FULL if `from` would have to be copied and doesn't fit. `to` need not exist. */
export async function checkSpace(files: Files, from: string, to: string, bytes: number): Promise<void> {
  if ((await files.deviceOf(from)) === (await files.deviceOf(to))) return;
  const free = await files.freeBytes(to);
  if (free >= bytes) return;
  throw new SplitreelError(appError('DISK_FULL', { folder: to, neededBytes: bytes, freeBytes: free }));
}
