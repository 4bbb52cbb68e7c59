import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { fileErrorCode, type FileInfo, type Files } from '../../ports/files';

const isMissing = (error: unknown): boolean => {
  const code = fileErrorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
};

/** The name of a file on its way to `target`: beside it, so that the rename stays on one disk. */
const temporaryName = (target: string): string => {
  // A name may have 255 bytes; the target's own may already be as long as that.
  const folder = path.dirname(target);
  return path.join(folder, `.${randomUUID()}.part`);
};

async function writeAtomically(target: string, content: string | Uint8Array): Promise<void> {
  await fs.mkdir(path.dirname(target), { recursive: true });
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

async function folderBytes(folder: string): Promise<number> {
  let total = 0;
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const entryPath = path.join(folder, entry.name);
    if (entry.isDirectory()) total += await folderBytes(entryPath);
    else if (entry.isFile()) total += (await fs.stat(entryPath)).size;
  }
  return total;
}

export const nodeFiles: Files = {
  readText: (file) => fs.readFile(file, 'utf8'),
  readBytes: (file) => fs.readFile(file),
  readRange,
  writeAtomically,
  append: async (file, content) => {
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.appendFile(file, content);
  },
  stat,
  list,
  makeFolder: async (folder) => {
    await fs.mkdir(folder, { recursive: true });
  },
  rename: (from, to) => fs.rename(from, to),
  copy,
  copyDurably,
  remove: (target) => fs.rm(target, { recursive: true, force: true }),
  makeExecutable: (file) => fs.chmod(file, 0o755),
  realPath: (target) => fs.realpath(target),
  canWrite,
  freeBytes,
  folderBytes,
};
