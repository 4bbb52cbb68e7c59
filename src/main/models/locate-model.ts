/**
 * Where models are, by whether a model_index.json exists: the window lists them before there is a Python. What is in a
 * model's folder is read by the Python store alone.
 */
import path from 'node:path';
import type { CatalogEntry } from '../../shared/catalog';
import type { Environ } from '../engine/worker-environment';
import type { Files } from '../ports/files';

export interface LocatedModel {
  readonly location: 'models' | 'cache';
  readonly folder: string;
}

/** The rules of huggingface_hub's constants.py; empty is unset. resources/golden/hub-cache.json holds both languages. */
export function hubCacheFolder(env: Environ, home: string): string {
  const folderOf = (name: string): string | null => {
    const value = env[name] ?? '';
    return value === '' ? null : path.resolve(value.replace(/^~(?=\/|$)/, home));
  };
  const chosen = folderOf('HF_HUB_CACHE') ?? folderOf('HUGGINGFACE_HUB_CACHE');
  if (chosen !== null) return chosen;
  const cache = folderOf('XDG_CACHE_HOME') ?? path.join(home, '.cache');
  return path.join(folderOf('HF_HOME') ?? path.join(cache, 'huggingface'), 'hub');
}

export const isModel = async (files: Files, folder: string): Promise<boolean> =>
  (await files.stat(path.join(folder, 'model_index.json'))) !== null;

export async function locate(
  files: Files,
  entry: CatalogEntry,
  where: { readonly modelsFolders: readonly string[]; readonly cacheFolder: string },
): Promise<LocatedModel | null> {
  for (const base of where.modelsFolders) {
    const folder = path.join(base, entry.id);
    if (await isModel(files, folder)) return { location: 'models', folder };
  }
  for (const repository of entry.repositories) {
    const folder = await newestSnapshot(
      files,
      path.join(where.cacheFolder, `models--${repository.replace('/', '--')}`),
    );
    if (folder !== null) return { location: 'cache', folder };
  }
  return null;
}

/** The snapshot that `main` was when it was last fetched, else the first that holds a model. */
async function newestSnapshot(files: Files, repository: string): Promise<string | null> {
  const snapshots = path.join(repository, 'snapshots');
  const main = await files.readText(path.join(repository, 'refs', 'main')).catch(() => '');
  const names = [...(await files.list(snapshots))]
    .sort()
    .sort((a, b) => Number(b === main.trim()) - Number(a === main.trim()));
  for (const name of names) {
    const folder = path.join(snapshots, name);
    if (await isModel(files, folder)) return folder;
  }
  return null;
}

/** Folders in a models folder that hold another model and are not downloads or removals under way. */
export async function modelFoldersIn(files: Files, base: string, known: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of [...(await files.list(base))].sort()) {
    if (name.startsWith('.') || /\.(part|removing)$/.test(name) || known.includes(name)) continue;
    if (await isModel(files, path.join(base, name))) found.push(path.join(base, name));
  }
  return found;
}
