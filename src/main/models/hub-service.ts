/** Models, their downloads, the token and the models folder, put together: what calls of the window reach. */
import path from 'node:path';
import type { Download, HubState } from '../../shared/download';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import type { ModelEntry } from '../../shared/models';
import type { Environ } from '../engine/worker-environment';
import type { CurrentPython } from '../install/environment';
import type { Clock } from '../ports/clock';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';
import type { Random } from '../ports/random';
import type { Secrets } from '../ports/secrets';
import type { SettingsService } from '../settings/settings';
import { openJsonStore } from '../state/json-store';
import { readCatalogue } from './catalogue';
import { createDownloads, downloadsFileSchema, NO_DOWNLOADS, type Downloads } from './downloads';
import { createHub } from './hub';
import { createInspect, createInspectLora, type InspectLora } from './inspect';
import { createModels, type Models } from './models';
import type { MovePorts } from '../storage/move-folder';
import { moveModels } from './move';
import { hubCacheFolder } from './places';
import { openToken } from './token';

export interface HubServicePorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly processes: Processes;
  readonly secrets: Secrets;
  readonly settings: Pick<SettingsService, 'get' | 'setModelFolders' | 'setModelsFolder'>;
  readonly python: () => Promise<CurrentPython | null>;
  readonly movePorts: MovePorts;
  readonly systemPython: () => Promise<string | null>;
  /** True while a model may be read. */
  readonly isBusy: () => boolean;
  /** Lets go of the model that the engine has loaded. */
  readonly unloadEngine: () => void;
}

export interface HubServiceOptions {
  readonly dataRoot: string;
  readonly env: Environ;
  readonly home: string;
  readonly pythonFolder: string;
  readonly resourcesFolder: string;
  /** Where models are kept unless the person chose another folder. */
  readonly defaultModelsFolder: string;
  readonly recordsFolder: string;
  readonly downloadsFile: string;
  readonly catalogueFile: string;
  readonly tokenFile: string;
  readonly onModels: (models: readonly ModelEntry[]) => void;
  readonly onDownloads: (downloads: readonly Download[]) => void;
  readonly onState: (state: HubState) => void;
}

export interface HubService {
  readonly models: Models;
  /** Whether a LoRA fits a model's folder; null where there is no Python to find out. */
  readonly inspectLora: InspectLora;
  readonly downloads: Downloads;
  readonly state: () => HubState;
  readonly problems: readonly (AppError | null)[];
  readonly signIn: (token: string) => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** Deletes a model from the models folder; throws MODEL_IN_USE while a job runs. */
  readonly remove: (modelId: string) => Promise<void>;
  readonly move: (folder: string) => Promise<void>;
  /** Once there is an environment: goes on with what the last run of the app left. */
  readonly resume: () => void;
  /** After settings have changed. */
  readonly configure: () => void;
  readonly close: () => Promise<void>;
}

export async function openHubService(ports: HubServicePorts, options: HubServiceOptions): Promise<HubService> {
  const { files, log, settings } = ports;
  const token = await openToken(ports, options.tokenFile);
  const ours = path.join(options.resourcesFolder, 'catalogue.json');
  const catalogue = await readCatalogue(files, ours, options.catalogueFile);
  const store = await openJsonStore(ports, {
    file: options.downloadsFile,
    schema: downloadsFileSchema,
    fallback: NO_DOWNLOADS,
  });
  const folder = (): string => settings.get().modelsFolder ?? options.defaultModelsFolder;
  let moving: HubState['moving'] = null;
  let freeBytes: number | null = null;
  const state = (): HubState => ({
    isSignedIn: token.get() !== null,
    isTokenKept: token.isKept(),
    modelsFolder: folder(),
    freeBytes,
    moving,
  });
  const tell = (): void => options.onState(state());
  /** After whatever takes or frees space. A disk that does not answer leaves the figure out. */
  const measureDisk = async (): Promise<void> => {
    freeBytes = await files.freeBytes(folder()).catch(() => null);
    tell();
  };
  const hub = createHub({
    ...ports,
    env: options.env,
    cwd: options.dataRoot,
    settings: () => {
      const { hubMirror, sendTokenToMirror, downloadLimit } = settings.get();
      const common = { token: token.get(), tokenForMirror: sendTokenToMirror, bytesPerSecond: downloadLimit };
      return { endpoint: hubMirror, ...common };
    },
  });
  const models = createModels(
    {
      files,
      log,
      hub,
      inspect: createInspect(ports, options),
      demoFolder: path.join(options.resourcesFolder, 'demo'),
      folders: () => settings.get().modelFolders,
      setFolders: settings.setModelFolders,
      catalogue: catalogue.entries,
      modelsFolders: () => {
        const before = settings.get().modelsFolderBefore;
        return before === null ? [folder()] : [folder(), before];
      },
      cacheFolder: hubCacheFolder(options.env, options.home),
      recordsFolder: options.recordsFolder,
    },
    options.onModels,
  );
  let running = 0;
  const downloads = createDownloads({ ...ports, hub, models, store }, (list) => {
    options.onDownloads(list);
    if (list.length !== running) void measureDisk();
    running = list.length;
  });
  void measureDisk();

  /** Goes on until everything has moved, also after a crash: which folders it was between is in the settings. */
  const finishMove = async (from: string, to: string): Promise<void> => {
    const goOn = await downloads.suspend();
    try {
      await moveModels(ports.movePorts, from, to, (progress) => {
        moving = progress;
        tell();
      });
      await settings.setModelsFolder(to, null);
    } finally {
      moving = null;
      await measureDisk();
      await models.checkAll();
      await goOn();
    }
  };
  const move = async (to: string): Promise<void> => {
    const from = folder();
    if (moving !== null || ports.isBusy()) throw new SplitreelError(appError('MODEL_IN_USE', { name: 'A model' }));
    const chosen = (await files.stat(to)) === null ? to : await files.realPath(to);
    if (path.relative(from, chosen) === '') return;
    // A folder inside the one that is moved would be moved into itself.
    if (!path.relative(from, chosen).startsWith('..'))
      throw new SplitreelError(appError('OUTPUT_NOT_WRITABLE', { folder: chosen }));
    moving = { modelId: null, doneBytes: 0, totalBytes: 0 };
    await settings.setModelsFolder(chosen, from);
    await finishMove(from, chosen);
  };
  return {
    models,
    inspectLora: createInspectLora(ports, options),
    downloads,
    state,
    problems: [catalogue.problem, store.problem],
    signIn: async (given) => {
      await token.set(given);
      hub.configure();
      tell();
    },
    signOut: async () => {
      await token.clear();
      hub.configure();
      tell();
    },
    remove: async (modelId) => {
      const name = models.get().find(({ id }) => id === modelId)?.name ?? modelId;
      if (ports.isBusy()) throw new SplitreelError(appError('MODEL_IN_USE', { name }));
      ports.unloadEngine();
      await models.remove(modelId);
      await measureDisk();
    },
    move,
    resume: () => {
      const before = settings.get().modelsFolderBefore;
      const rest = before === null ? Promise.resolve() : finishMove(before, folder());
      void rest
        .catch((error: unknown) => log.error('models could not all be moved', error))
        .then(async () => {
          downloads.resume();
          await models.checkUnread();
          return models.verifyNew();
        })
        .catch((error: unknown) => log.error('models could not be verified', error));
    },
    configure: hub.configure,
    close: async () => {
      downloads.close();
      await hub.stop();
    },
  };
}
