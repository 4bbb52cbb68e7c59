/** Finds the models and checks the contents of each folder. */
import path from 'node:path';
import type { CatalogEntry } from '../../shared/catalog';
import type { ModelEntry } from '../../shared/models';
import type { Log } from '../ports/log';
import { absent, readDemo, readModel, type About, type EntryPorts, type ModelLocation } from './model-entry';
import type { ModelList } from './model-list';
import { locate, modelFoldersIn } from './locate-model';

export const DEMO_ID = 'demo';

export interface CheckPorts extends EntryPorts {
  readonly log: Log;
  /** <app>/resources/demo */
  readonly demoFolder: string;
  /** Folders that the user added. */
  readonly folders: () => readonly string[];
  readonly catalog: readonly CatalogEntry[];
  /** Where models are kept, the newest first: two while they are being moved. */
  readonly modelsFolders: () => readonly string[];
  /** huggingface_hub's own cache. */
  readonly cacheFolder: string;
}

export interface ModelCheck {
  readonly checkAll: () => Promise<void>;
  readonly check: (entry: ModelEntry) => Promise<void>;
  readonly checkFolder: (folder: string, location: ModelLocation) => Promise<void>;
}

export function createModelCheck(ports: CheckPorts, list: ModelList): ModelCheck {
  const { files, log, catalog } = ports;
  const catalogIds = catalog.map(({ id }) => id);

  const readInto = async (folder: string, location: ModelLocation, about: About): Promise<void> => {
    const { entry, record } = await readModel(ports, folder, location, about);
    list.put(entry, record);
  };
  const checkDemo = async (): Promise<void> => list.put(await readDemo(ports, DEMO_ID, ports.demoFolder));
  const checkCatalogd = async (offer: CatalogEntry): Promise<void> => {
    const { id, name, description } = offer;
    const about = { id, name, description, source: 'catalog', offer } as const;
    const where = { modelsFolders: ports.modelsFolders(), cacheFolder: ports.cacheFolder };
    const found = await locate(files, offer, where);
    if (found === null) list.put(absent(about));
    else await readInto(found.folder, found.location, about);
  };
  const checkFolder = (folder: string, location: ModelLocation): Promise<void> =>
    readInto(folder, location, {
      id: folder,
      name: path.basename(folder),
      description: '',
      source: 'folder',
      offer: null,
    });
  const foundFolders = async (): Promise<readonly string[]> => {
    const known = [DEMO_ID, ...catalogIds];
    const found = await Promise.all(ports.modelsFolders().map((base) => modelFoldersIn(files, base, known)));
    return found.flat();
  };
  return {
    checkFolder,
    check: async (entry) => {
      if (entry.id === DEMO_ID) await checkDemo();
      else if (entry.offer !== null) await checkCatalogd(entry.offer);
      else await checkFolder(entry.id, entry.files?.location === 'models' ? 'models' : 'folder');
    },
    checkAll: async () => {
      /** Logs a folder that can't be reached; the other models are still listed. */
      const attempt = (name: string, work: Promise<void>): Promise<void> =>
        work.catch((error: unknown) => log.error(`${name} could not be checked`, error));
      await attempt(DEMO_ID, checkDemo());
      for (const offer of catalog) await attempt(offer.id, checkCatalogd(offer));
      const inModels = await foundFolders().catch((error: unknown): readonly string[] => {
        log.error('the models folder could not be read', error);
        return [];
      });
      for (const folder of inModels) await attempt(folder, checkFolder(folder, 'models'));
      const added = ports.folders().filter((folder) => !inModels.includes(folder));
      for (const folder of added) await attempt(folder, checkFolder(folder, 'folder'));
      // Entries that no longer exist, such as a folder that was moved.
      const there = new Set([DEMO_ID, ...catalogIds, ...inModels, ...added]);
      for (const { id } of list.get()) if (!there.has(id)) list.remove(id);
    },
  };
}
