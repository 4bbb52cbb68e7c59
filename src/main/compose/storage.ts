import type { SettingsService } from '../settings/settings';
import { createStorage, type StorageService } from '../storage/storage';
import type { EnvironmentServices } from './environment';
import type { Foundation } from './foundation';

export function composeStorage(
  { ports, folders, store, signals }: Foundation,
  { environment, locations }: EnvironmentServices,
  services: { readonly settings: SettingsService; readonly stopEngine: () => Promise<void> },
): StorageService {
  return createStorage(
    {
      files: ports.files,
      locations,
      environment,
      isBusy: signals.isBusy,
      modelsFolder: () => services.settings.get().modelsFolder ?? folders.models,
      stopEngine: services.stopEngine,
    },
    { folders, onChange: (value) => store.set('storage', value) },
  );
}
