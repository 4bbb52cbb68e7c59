/** Models, their downloads, the token and the models folder, put together for the window's calls. */
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
import { readCatalog } from './catalog';
import { downloadsFileSchema, NO_DOWNLOADS } from './download-list';
import { createDownloads, type Downloads } from './downloads';
import { createHub } from './hub';
import { createInspect, createInspectLora, type InspectLora } from './inspect';
import { createModels, type Models } from './models';
import type { MovePorts } from '../storage/move-folder';
import { createModelsFolder, type ModelsFolder } from './models-folder';
import { hubCacheFolder } from './locate-model';
import { openToken, type Token } from './token';

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
  /** True while a model may be in use. */
  readonly isBusy: () => boolean;
  /** Unloads the engine's model. */
  readonly unloadEngine: () => void;
}

export interface HubServiceOptions {
  readonly dataRoot: string;
  readonly env: Environ;
  readonly home: string;
  readonly pythonFolder: string;
  readonly resourcesFolder: string;
  /** The default models folder. */
  readonly defaultModelsFolder: string;
  readonly recordsFolder: string;
  readonly downloadsFile: string;
  readonly catalogFile: string;
  readonly tokenFile: string;
  readonly onModels: (models: readonly ModelEntry[]) => void;
  readonly onDownloads: (downloads: readonly Download[]) => void;
  readonly onState: (state: HubState) => void;
}

export interface HubService {
  readonly models: Models;
  /** Whether a LoRA fits a model's folder; null without a Python to check it. */
  readonly inspectLora: InspectLora;
  readonly downloads: Downloads;
  readonly state: () => HubState;
  readonly problems: readonly (AppError | null)[];
  readonly signIn: (token: string) => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** Deletes a model from the models folder; throws MODEL_IN_USE while a job runs. */
  readonly remove: (modelId: string) => Promise<void>;
  readonly move: (folder: string) => Promise<void>;
  /** Once there is an environment, resumes what the app's last run left. */
  readonly resume: () => void;
  /** After settings have changed. */
  readonly configure: () => void;
  readonly close: () => Promise<void>;
}

export async function openHubService(ports: HubServicePorts, options: HubServiceOptions): Promise<HubService> {
  const { files, log, settings } = ports;
  const token = await openToken(ports, options.tokenFile);
  const ours = path.join(options.resourcesFolder, 'catalog.json');
  const catalog = await readCatalog(files, ours, options.catalogFile);
  const store = await openJsonStore(ports, {
    file: options.downloadsFile,
    schema: downloadsFileSchema,
    fallback: NO_DOWNLOADS,
  });
  const hub = createHub({
    ...ports,
    env: options.env,
    cwd: options.dataRoot,
    settings: () => hubSettings(settings, token),
  });
  const state = (): HubState => ({ isSignedIn: token.get() !== null, isTokenKept: token.isKept(), ...folder.state() });
  const onState = (): void => options.onState(state());
  const whileResting = async (move: () => Promise<void>): Promise<void> => {
    const resume = await downloads.suspend();
    try {
      await move();
    } finally {
      await models.checkAll();
      await resume();
    }
  };
  const folder = createModelsFolder({ ...ports, whileResting }, options.defaultModelsFolder, onState);
  const models = createModels(
    {
      files,
      log,
      hub,
      inspect: createInspect(ports, options),
      catalog: catalog.entries,
      modelsFolders: folder.all,
      ...modelFolders(settings, options),
    },
    options.onModels,
  );
  const downloads = createDownloads(
    { ...ports, hub, models, store },
    onChangedCount(options.onDownloads, () => void folder.measureDisk()),
  );
  void folder.measureDisk();
  const configure = (): void => {
    hub.configure();
    onState();
  };
  return {
    models,
    inspectLora: createInspectLora(ports, options),
    downloads,
    state,
    problems: [catalog.problem, store.problem],
    signIn: async (given) => {
      await token.set(given);
      configure();
    },
    signOut: async () => {
      await token.clear();
      configure();
    },
    remove: async (modelId) => {
      const name = models.get().find(({ id }) => id === modelId)?.name ?? modelId;
      if (ports.isBusy()) throw new SplitreelError(appError('MODEL_IN_USE', { name }));
      ports.unloadEngine();
      await models.remove(modelId);
      await folder.measureDisk();
    },
    move: folder.move,
    resume: () => void resume(folder, downloads, models, log),
    configure: hub.configure,
    close: async () => {
      downloads.close();
      await hub.stop();
    },
  };
}

/** Other locations of models. */
const modelFolders = (settings: HubServicePorts['settings'], options: HubServiceOptions) => ({
  demoFolder: path.join(options.resourcesFolder, 'demo'),
  folders: () => settings.get().modelFolders,
  setFolders: settings.setModelFolders,
  cacheFolder: hubCacheFolder(options.env, options.home),
  recordsFolder: options.recordsFolder,
});

function hubSettings(settings: Pick<SettingsService, 'get'>, token: Token) {
  const { hubMirror, sendTokenToMirror, downloadLimit } = settings.get();
  return {
    endpoint: hubMirror,
    token: token.get(),
    tokenForMirror: sendTokenToMirror,
    bytesPerSecond: downloadLimit,
  };
}

/**
 * Reports each list, and calls `onCount` when a download is added or removed, because that changes the free disk space.
 */
function onChangedCount(onDownloads: (all: readonly Download[]) => void, onCount: () => void) {
  let count = 0;
  return (all: readonly Download[]): void => {
    onDownloads(all);
    if (all.length !== count) onCount();
    count = all.length;
  };
}

/** Resumes what the app's last run left: a move first, because downloads write into the models folder. */
async function resume(folder: ModelsFolder, downloads: Downloads, models: Models, log: Log): Promise<void> {
  await folder.resume().catch((error: unknown) => log.error('models could not all be moved', error));
  try {
    downloads.resume();
    await models.checkUnread();
    await models.verifyNew();
  } catch (error) {
    log.error('models could not be verified', error);
  }
}
