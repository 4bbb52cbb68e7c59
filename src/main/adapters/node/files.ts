import { randomUUID } from 'node:crypto';
import { constants, watch } from 'node:fs';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { fileErrorCode, type CopyFolderOptions, type FileInfo, type Files } from '../../ports/files';

const isMissing = (error: unknown): boolean => {
  const code = fileErrorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
};

/** A temporary name for `target`, in the same folder so that the rename stays on one disk. */
const temporaryName = (target: string): string => {
  // A name may have at most 255 bytes, and the target's own may already be that long.
  const folder = path.dirname(target);
  return path.join(folder, `.${randomUUID()}.part`);
};

/** Adds the target to the error of a write: Node names a temporary file there, or none at all. */
async function writing<T>(target: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { target }) : error;
  }
}

async function writeAtomically(target: string, content: string | Uint8Array): Promise<void> {
  await fs.mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  const temporary = temporaryName(target);
  try {
    const handle = await fs.open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, target);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
}

async function readRange(file: string, start: number, length: number): Promise<Uint8Array> {
  const handle = await fs.open(file, 'r');
  try {
    const buffer = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(buffer, filled, length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

async function stat(file: string): Promise<FileInfo | null> {
  try {
    const info = await fs.stat(file);
    const kind = info.isFile() ? 'file' : info.isDirectory() ? 'folder' : 'other';
    return { kind, sizeBytes: info.size, modifiedMs: info.mtimeMs };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function nearestExisting(folder: string): Promise<string> {
  let current = folder;
  while ((await stat(current)) === null) {
    const parent = path.dirname(current);
    if (parent === current) break;
    current = parent;
  }
  return current;
}

async function copy(from: string, to: string): Promise<void> {
  const temporary = temporaryName(to);
  try {
    await fs.copyFile(from, temporary, constants.COPYFILE_EXCL);
    await fs.rename(temporary, to);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
}

async function copyDurably(from: string, to: string): Promise<void> {
  const temporary = temporaryName(to);
  try {
    await fs.copyFile(from, temporary, constants.COPYFILE_EXCL);
    const { atime, mtime } = await fs.stat(from);
    await fs.utimes(temporary, atime, mtime);
    const handle = await fs.open(temporary, 'r+');
    await handle.sync().finally(() => handle.close());
    await fs.rename(temporary, to);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
}

async function canWrite(folder: string): Promise<boolean> {
  try {
    const existing = await nearestExisting(folder);
    await fs.access(existing, constants.W_OK | constants.X_OK);
    return (await stat(existing))?.kind === 'folder';
  } catch {
    return false;
  }
}

async function freeBytes(folder: string): Promise<number> {
  const figures = await fs.statfs(await nearestExisting(folder));
  return figures.bavail * figures.bsize;
}

async function deviceOf(folder: string): Promise<number> {
  return (await fs.stat(await nearestExisting(folder))).dev;
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const entryPath = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(entryPath);
    else if (entry.isFile()) yield entryPath;
  }
}

async function folderBytes(folder: string): Promise<number> {
  let total = 0;
  for await (const file of filesIn(folder)) total += (await fs.stat(file)).size;
  return total;
}

async function ownBytes(folder: string): Promise<number> {
  let total = 0;
  for await (const file of filesIn(folder)) {
    const info = await fs.stat(file);
    if (info.nlink === 1) total += info.size;
  }
  return total;
}

async function copyFolder(from: string, to: string, options: CopyFolderOptions = {}): Promise<void> {
  const total = await folderBytes(from);
  let copied = 0;
  const copyInto = async (source: string, target: string): Promise<void> => {
    await fs.mkdir(target, { recursive: true });
    for (const entry of await fs.readdir(source, { withFileTypes: true })) {
      options.signal?.throwIfAborted();
      const [sourcePath, targetPath] = [path.join(source, entry.name), path.join(target, entry.name)];
      if (entry.isDirectory()) await copyInto(sourcePath, targetPath);
      else if (entry.isSymbolicLink()) {
        await fs.rm(targetPath, { force: true });
        await fs.symlink(await fs.readlink(sourcePath), targetPath);
      } else if (entry.isFile()) {
        copied += await copyOnce(sourcePath, targetPath);
        options.onProgress?.(copied, total);
      }
    }
  };
  await copyInto(from, to);
}

/** Returns the size. The modification time is set last, so that a partial copy never passes for a complete one. */
async function copyOnce(from: string, to: string): Promise<number> {
  const info = await fs.stat(from);
  const there = await stat(to);
  if (there?.sizeBytes === info.size && Math.abs(there.modifiedMs - info.mtimeMs) < 1) return info.size;
  await fs.copyFile(from, to);
  await fs.chmod(to, info.mode);
  await fs.utimes(to, info.atimeMs / 1_000, info.mtimeMs / 1_000);
  return info.size;
}

function watchFolder(folder: string, onChange: (name: string | null) => void): (() => void) | null {
  try {
    const self = path.basename(folder);
    const watcher = watch(folder, { persistent: false }, (_event, name) => onChange(name === self ? null : name));
    // Removing a folder closes its watcher, after the change has been reported.
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return null;
  }
}

export const nodeFiles: Files = {
  readText: (file) => fs.readFile(file, 'utf8'),
  readBytes: (file) => fs.readFile(file),
  readRange,
  writeAtomically: (target, content) => writing(target, () => writeAtomically(target, content)),
  append: (file, content) =>
    writing(file, async () => {
      await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await fs.appendFile(file, content, { mode: 0o600 });
    }),
  stat,
  list,
  makeFolder: (folder) =>
    writing(folder, async () => {
      await fs.mkdir(folder, { recursive: true });
    }),
  rename: (from, to) => writing(to, () => fs.rename(from, to)),
  copy: (from, to) => writing(to, () => copy(from, to)),
  copyDurably: (from, to) => writing(to, () => copyDurably(from, to)),
  remove: (target) => fs.rm(target, { recursive: true, force: true }),
  makeExecutable: (file) => fs.chmod(file, 0o755),
  realPath: (target) => fs.realpath(target),
  canWrite,
  freeBytes,
  deviceOf,
  watchFolder,
  folderBytes,
  ownBytes,
  copyFolder: (from, to, options) => writing(to, () => copyFolder(from, to, options)),
};
