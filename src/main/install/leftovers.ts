/**
 * Removes what a failed install leaves outside its slot: an incomplete tool, a test video, temporary files, and
 * gigabytes that uv was unpacking. Only to be called while no install runs.
 */
import path from 'node:path';
import type { Files } from '../ports/files';

export const checkFolderIn = (root: string, slot: string): string => path.join(root, `check-${slot}`);
export const partOfTool = (toolFolder: string, slot: string): string => `${toolFolder}.${slot}.part`;

/** uv unpacks a wheel into such a folder of its cache and renames it when complete. */
const isUnpacking = (name: string): boolean => name.startsWith('.tmp');

export async function unpackingBytes(files: Files, uvCache: string): Promise<number> {
  const names = (await files.list(uvCache)).filter(isUnpacking);
  const sizes = await Promise.all(names.map((name) => files.folderBytes(path.join(uvCache, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

export async function sweepLeftovers(files: Files, root: string, uvCache: string): Promise<void> {
  const removeIn = async (folder: string, isLeft: (name: string) => boolean): Promise<void> => {
    for (const name of await files.list(folder)) if (isLeft(name)) await files.remove(path.join(folder, name));
  };
  await removeIn(root, (name) => name.startsWith('check-') || (name.startsWith('.') && name.endsWith('.part')));
  await removeIn(path.join(root, 'tool'), (name) => name.endsWith('.part'));
  await removeIn(uvCache, isUnpacking);
}
