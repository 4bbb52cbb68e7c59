/**
 * Moves models from one folder to another, one by one: at every moment a model is complete in one of the two. Called
 * again after a crash, it finishes the interrupted model and then moves the rest.
 */
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import type { Files } from '../ports/files';
import { finishMove, moveFolder, checkSpace, type MovePorts } from '../storage/move-folder';
import { isModel } from './locate-model';

export interface MoveProgress {
  readonly modelId: string | null;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** Models and unfinished downloads. Everything else in the folder stays there. */
async function movable(files: Files, folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of [...(await files.list(folder))].sort()) {
    const isDownload = name.endsWith('.part') && (await files.stat(path.join(folder, name, '.parts'))) !== null;
    const isOurs = isDownload || (await isModel(files, path.join(folder, name)));
    if (isOurs && !/^\.|\.removing$/.test(name)) found.push(name);
  }
  return found;
}

/**
 * Throws DISK_FULL before anything is copied, FOLDER_READ_ONLY where nothing can be written, and OUTPUT_EXISTS where the
 * new folder holds another model of a name: both stay where they are, and the other models are moved all the same.
 */
export async function moveModels(
  ports: MovePorts,
  from: string,
  to: string,
  onProgress: (progress: MoveProgress) => void,
): Promise<void> {
  const { files, journal } = ports;
  if (journal.current()?.purpose === 'models') await finishMove(ports);
  await files.makeFolder(to);
  if (!(await files.canWrite(to))) throw new SplitreelError(appError('FOLDER_READ_ONLY', { folder: to }));
  const names = await movable(files, from);
  const sizes = await Promise.all(names.map((name) => files.folderBytes(path.join(from, name))));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  if (names.length > 0) await checkSpace(files, from, to, totalBytes);
  let doneBytes = 0;
  const conflicts: unknown[] = [];
  for (const [index, name] of names.entries()) {
    onProgress({ modelId: name, doneBytes, totalBytes });
    const before = doneBytes;
    const folders = { purpose: 'models', from: path.join(from, name), to: path.join(to, name) } as const;
    await moveFolder(ports, folders, {
      onProgress: (copied) => onProgress({ modelId: name, doneBytes: before + copied, totalBytes }),
    }).catch((error: unknown) => {
      if (!(error instanceof SplitreelError) || error.error.code !== 'OUTPUT_EXISTS') throw error;
      conflicts.push(error);
    });
    doneBytes = before + (sizes[index] ?? 0);
  }
  onProgress({ modelId: null, doneBytes: totalBytes, totalBytes });
  if (conflicts.length > 0) throw conflicts[0];
}
