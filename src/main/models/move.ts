/**
 * Moves models from one folder to another, one after the other. A model is in one place or the other at every moment:
 * renamed where the disk is the same, otherwise copied beside its new place, renamed, and only then removed. Run again
 * after a crash it goes on with what is still in the old place.
 */
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import { fileErrorCode, type Files } from '../ports/files';
import { isModel } from './places';

export interface MoveProgress {
  readonly modelId: string | null;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

const MOVING = '.moving';
const MOVED = '.removing';

/** Models and half-fetched ones; nothing else that may lie there is ours to move. */
async function movable(files: Files, folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of [...(await files.list(folder))].sort()) {
    const isOurs = name.endsWith('.part') || (await isModel(files, path.join(folder, name)));
    if (isOurs && !name.startsWith('.')) found.push(name);
  }
  return found;
}

/** Throws DISK_FULL before anything is copied, OUTPUT_NOT_WRITABLE where nothing can be put there. */
export async function moveModels(
  files: Files,
  from: string,
  to: string,
  onProgress: (progress: MoveProgress) => void,
): Promise<void> {
  await files.makeFolder(to);
  if (!(await files.canWrite(to))) throw new SplitreelError(appError('OUTPUT_NOT_WRITABLE', { folder: to }));
  // What an earlier move had copied and not yet removed.
  for (const name of await files.list(from)) if (name.endsWith(MOVED)) await files.remove(path.join(from, name));
  const names = await movable(files, from);
  const sizes = new Map<string, number>();
  for (const name of names) sizes.set(name, await files.folderBytes(path.join(from, name)));
  const totalBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (!(await isSameDisk(files, from, to))) await checkRoom(files, to, totalBytes);
  let doneBytes = 0;
  for (const name of names) {
    const before = doneBytes;
    const step = (count: number): void => {
      doneBytes += count;
      onProgress({ modelId: name, doneBytes, totalBytes });
    };
    step(0);
    await moveOne(files, path.join(from, name), path.join(to, name), step);
    doneBytes = before + (sizes.get(name) ?? 0);
  }
  onProgress({ modelId: null, doneBytes: totalBytes, totalBytes });
}

async function checkRoom(files: Files, folder: string, needed: number): Promise<void> {
  const free = await files.freeBytes(folder);
  const text = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  if (needed > free)
    throw new SplitreelError(appError('DISK_FULL', { folder, needed: text(needed), free: text(free) }));
}

/** Only a rename knows. */
async function isSameDisk(files: Files, from: string, to: string): Promise<boolean> {
  const probe = path.join(from, '.probe');
  if ((await files.stat(from)) === null) return true;
  await files.writeAtomically(probe, '');
  try {
    await files.rename(probe, path.join(to, '.probe'));
    await files.remove(path.join(to, '.probe'));
    return true;
  } catch (error) {
    await files.remove(probe);
    if (fileErrorCode(error) === 'EXDEV') return false;
    throw error;
  }
}

async function moveOne(files: Files, from: string, to: string, step: (count: number) => void): Promise<void> {
  const partial = path.join(path.dirname(to), `.${path.basename(to)}${MOVING}`);
  if ((await files.stat(to)) === null) {
    try {
      await files.rename(from, to);
      return;
    } catch (error) {
      if (fileErrorCode(error) !== 'EXDEV') throw error;
    }
    await copyFolder(files, from, partial, step);
    await files.rename(partial, to);
  } else if (!(await isCopied(files, from, to))) {
    // Another model of that name: neither is overwritten, and the old one stays where it is.
    throw new SplitreelError(appError('OUTPUT_EXISTS', { file: to }));
  }
  const moved = `${from}${MOVED}`;
  await files.rename(from, moved);
  await files.remove(moved);
}

async function copyFolder(files: Files, from: string, to: string, step: (count: number) => void): Promise<void> {
  await files.makeFolder(to);
  for (const name of await files.list(from)) {
    const source = path.join(from, name);
    const target = path.join(to, name);
    const info = await files.stat(source);
    if (info?.kind === 'folder') await copyFolder(files, source, target, step);
    else if (info?.kind === 'file') {
      const held = await files.stat(target);
      // Copies appear whole and with the time of the original: what a crash left there need not be copied again.
      const isThere = held?.sizeBytes === info.sizeBytes && sameTime(held.modifiedMs, info.modifiedMs);
      if (!isThere) await files.copyDurably(source, target);
      step(info.sizeBytes);
    }
  }
}

async function isCopied(files: Files, from: string, to: string): Promise<boolean> {
  for (const name of await files.list(from)) {
    const [source, target] = await Promise.all([files.stat(path.join(from, name)), files.stat(path.join(to, name))]);
    if (source?.kind === 'folder') {
      if (!(await isCopied(files, path.join(from, name), path.join(to, name)))) return false;
    } else if (source?.sizeBytes !== target?.sizeBytes) return false;
  }
  return true;
}

const sameTime = (a: number, b: number): boolean => Math.abs(a - b) < 2;
