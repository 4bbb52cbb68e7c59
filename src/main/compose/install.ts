import { defaultPlaces } from '../data-folder';
import { linkSwitches } from '../engine/worker-environment';
import { createDoctor, type DoctorService } from '../diagnostics/doctor';
import { createEnvironment, type EnvironmentService } from '../install/environment';
import { openPlaces, type Places } from '../storage/locations';
import { createStorage, type StorageService } from '../storage/storage';
import type { SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';

export interface EnvironmentServices {
  readonly environment: EnvironmentService;
  readonly places: Places;
}

export async function composeEnvironment(base: Foundation, settings: SettingsService): Promise<EnvironmentServices> {
  const { ports, options, folders, store } = base;
  const places = await openPlaces(ports, {
    file: folders.placesFile,
    defaults: defaultPlaces(folders, options.cacheFolder),
  });
  const environment = createEnvironment(
    { ...ports, log: base.log },
    {
      ...options,
      root: () => places.folderOf('environment'),
      downloadsFolder: () => places.folderOf('downloads'),
      pythonsFolder: folders.pythons,
      choice: () => settings.get().environmentVariant,
      onChange: (value) => store.set('environment', value),
    },
  );
  return { environment, places };
}

export function composeStorage(
  { ports, folders, store, signals }: Foundation,
  { environment, places }: EnvironmentServices,
  services: { readonly settings: SettingsService; readonly stopEngine: () => Promise<void> },
): StorageService {
  return createStorage(
    {
      files: ports.files,
      places,
      environment,
      isBusy: signals.isBusy,
      modelsFolder: () => services.settings.get().modelsFolder ?? folders.models,
      stopEngine: services.stopEngine,
    },
    { folders, onChange: (value) => store.set('storage', value) },
  );
}

export function composeDoctor(
  { ports, options, folders, store }: Foundation,
  environment: EnvironmentService,
  settings: SettingsService,
): DoctorService {
  return createDoctor(ports.processes, environment, {
    dataRoot: folders.root,
    pythonFolder: options.pythonFolder,
    env: options.env,
    linkSwitches: () => linkSwitches(settings.get()),
    onChange: (value) => store.set('doctor', value),
  });
}
