/**
 * The models that there are: the one that comes with the app, those of the catalog (here, in the Hugging Face cache
 * or yet to be fetched), whatever else is in the models folder, and folders that the user added.
 */
import { appError, SplitreelError } from '../../shared/errors';
import type { ModelEntry } from '../../shared/models';
import type { Files } from '../ports/files';
import { downloadTargetOf, type DownloadTarget } from './download-target';
import { createModelCheck, type CheckPorts } from './model-check';
import { createModelList } from './model-list';
import { createModelVerify, type VerifyPorts } from './model-verify';
import { isModel } from './locate-model';
import { recordFile } from './record';

export interface ModelsPorts extends CheckPorts, VerifyPorts {
  readonly setFolders: (folders: readonly string[]) => Promise<void>;
}

export interface Models {
  readonly get: () => readonly ModelEntry[];
  readonly checkAll: () => Promise<void>;
  /** Checks what could not be checked while there was no Python. */
  readonly checkUnread: () => Promise<void>;
  readonly recheck: (modelId: string) => Promise<void>;
  /** The folder's id; throws what is wrong with a folder that holds no model at all. */
  readonly add: (folder: string) => Promise<string>;
  readonly forget: (modelId: string) => Promise<void>;
  /** Deletes a model from the models folder. */
  readonly remove: (modelId: string) => Promise<void>;
  /** Hashes every file; the entry shows how far it is and what was found. */
  readonly verify: (modelId: string) => Promise<void>;
  /** Hashes, in the background, the models that were never verified or have changed since. */
  readonly verifyNew: () => Promise<void>;
  /** Null where there is nothing to fetch for this model. */
  readonly downloadTarget: (modelId: string) => DownloadTarget | null;
}

export function createModels(ports: ModelsPorts, onModels: (models: readonly ModelEntry[]) => void): Models {
  const { files, recordsFolder } = ports;
  const list = createModelList(onModels);
  const { checkAll, check, checkFolder } = createModelCheck(ports, list);
  const { verify, verifyNew } = createModelVerify(ports, list, { check });
  return {
    get: list.get,
    checkAll,
    recheck: async (modelId) => {
      const entry = list.find(modelId);
      if (entry === undefined) return;
      list.show(modelId, () => ({ ...entry, state: { status: 'checking' } }));
      await check(entry);
    },
    checkUnread: async () => {
      for (const entry of list.get()) if (entry.state.status === 'checking') await check(entry);
    },
    add: async (chosen) => {
      const folder = await files.realPath(chosen);
      if (!(await isModel(files, folder))) throw new SplitreelError(appError('MODEL_MISSING', { path: folder }));
      const known = list.get().find((entry) => entry.path === folder);
      if (known !== undefined) return known.id;
      if (!ports.folders().includes(folder)) await ports.setFolders([...ports.folders(), folder]);
      await checkFolder(folder, 'folder');
      return folder;
    },
    forget: async (modelId) => {
      await ports.setFolders(ports.folders().filter((folder) => folder !== modelId));
      if (list.find(modelId)?.files?.location === 'folder') list.remove(modelId);
    },
    remove: async (modelId) => {
      const entry = list.find(modelId);
      if (entry?.files?.location !== 'models' || entry.path === null) return;
      // Under another name first: whatever happens to the rest, half a model is never taken for one.
      const toRemove = await unusedName(files, entry.path);
      await files.rename(entry.path, toRemove);
      await files.remove(toRemove);
      await files.remove(recordFile(entry.path, 'models', recordsFolder));
      if (entry.offer === null) list.remove(modelId);
      else await check(entry);
    },
    verify,
    verifyNew,
    downloadTarget: (modelId) => {
      const entry = list.find(modelId);
      return entry === undefined ? null : downloadTargetOf(entry, list.recordOf(modelId), ports);
    },
  };
}

/** An existing folder of that name isn't ours. */
async function unusedName(files: Files, folder: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = `${folder}.${String(number)}.removing`;
    if ((await files.stat(name)) === null) return name;
  }
}
