/**
 * The Python package and the resources of the running version, copied once into the user's data. A package manager
 * replaces the installed files under a running app. Ranks that start, modules that are imported and models that load
 * after that would mix two versions. Electron itself is safe, because it keeps its asar open and forks its processes from
 * one that is already running.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import type { Files } from '../ports/files';
import { checkManifest, MANIFEST_NAME, type RawFiles } from './manifest';

/** Folders of the installed app that are read while it runs. */
const COPIED = ['python', 'resources'] as const;
const PART = '.part';

export interface RunningCopyPorts {
  readonly files: Pick<
    Files,
    'readText' | 'makeFolder' | 'copy' | 'copyFolder' | 'rename' | 'remove' | 'list' | 'stat'
  >;
  readonly rawFiles: RawFiles;
}

/**
 * The folder to read `python` and `resources` from: below `versions`, checked against the manifest of the installed
 * app. Throws PACKAGE_DAMAGED if the installed files don't match the manifest, and the system's error if they can't be
 * copied.
 */
export async function openRunningCopy(
  { files, rawFiles }: RunningCopyPorts,
  { installed, versions }: { readonly installed: string; readonly versions: string },
): Promise<string> {
  const manifest = await files.readText(path.join(installed, MANIFEST_NAME));
  const name = createHash('sha256').update(manifest).digest('hex').slice(0, 16);
  const folder = path.join(versions, name);
  const isWhole = async (): Promise<boolean> => (await checkManifest(rawFiles, folder, isCopied)) === null;
  if (!(await isWhole())) {
    const part = `${folder}${PART}`;
    await files.remove(part);
    await files.makeFolder(part);
    for (const each of COPIED) await files.copyFolder(path.join(installed, each), path.join(part, each));
    await files.copy(path.join(installed, MANIFEST_NAME), path.join(part, MANIFEST_NAME));
    await files.remove(folder);
    await files.rename(part, folder);
    const fault = await checkManifest(rawFiles, folder, isCopied);
    if (fault !== null)
      throw new SplitreelError(appError('PACKAGE_DAMAGED', { file: path.join(installed, fault.file) }));
  }
  await removeOlder(files, versions, name);
  return folder;
}

const isCopied = (name: string): boolean => COPIED.some((each) => name.startsWith(`${each}/`));

/** The newest of the others may still be running: it stays until the next version is installed. */
async function removeOlder(files: RunningCopyPorts['files'], versions: string, current: string): Promise<void> {
  const others = (await files.list(versions)).filter((name) => name !== current && !name.endsWith(PART));
  const aged = await Promise.all(
    others.map(async (name) => ({ name, madeMs: (await files.stat(path.join(versions, name)))?.modifiedMs ?? 0 })),
  );
  aged.sort((a, b) => b.madeMs - a.madeMs);
  for (const { name } of aged.slice(1)) await files.remove(path.join(versions, name));
}
