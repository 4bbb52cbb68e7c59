import type { EnvironmentService } from '../install/environment';
import { openHubService, type HubService } from '../models/hub-service';
import type { MovePorts } from '../storage/move-folder';
import type { SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';

export interface ModelServices {
  readonly environment: EnvironmentService;
  readonly settings: SettingsService;
  readonly movePorts: MovePorts;
  readonly unloadEngine: () => void;
}

export async function composeModels(base: Foundation, services: ModelServices): Promise<HubService> {
  const { environment, settings, movePorts, unloadEngine } = services;
  const { ports, options, folders, log, store, signals } = base;
  const hub = await openHubService(
    {
      ...ports,
      movePorts,
      log,
      settings,
      python: environment.current,
      systemPython: environment.systemPython,
      isBusy: signals.isBusy,
      unloadEngine,
    },
    {
      ...options,
      dataRoot: folders.root,
      defaultModelsFolder: folders.models,
      recordsFolder: folders.verified,
      downloadsFile: folders.downloadsFile,
      catalogFile: folders.catalogFile,
      tokenFile: folders.tokenFile,
      onModels: (value) => store.set('models', [...value]),
      onDownloads: (value) => store.set('downloads', [...value]),
      onState: (value) => store.set('hub', value),
    },
  );
  hub.problems.forEach(base.notify);
  store.set('hub', hub.state());
  store.set('downloads', [...hub.downloads.get()]);
  signals.settingsChanged.subscribe(hub.configure);
  signals.environmentReady.subscribe(hub.resume);
  return hub;
}
