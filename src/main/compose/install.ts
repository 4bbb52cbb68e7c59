import { defaultLocations } from '../data-folder';
import { linkSwitches } from '../engine/worker-environment';
import { createDoctor, type DoctorService } from '../diagnostics/doctor';
import { createEnvironment, type EnvironmentService } from '../install/environment';
import { openLocations, type Locations } from '../storage/locations';
import { openMoveJournal, type MovePorts } from '../storage/move-folder';
import { createStorage, type StorageService } from '../storage/storage';
import type { SettingsService } from '../settings/settings';
import type { Foundation } from './foundation';

export interface EnvironmentServices {
  readonly environment: EnvironmentService;
  readonly locations: Locations;
}

/** The journal is one: environment, downloads and models are moved one at a time. */
export async function composeMoves({ ports, folders, notify }: Foundation): Promise<MovePorts> {
  const journal = await openMoveJournal(ports, folders.movesFile);
  notify(journal.problem);
  return { ...ports, journal };
}

export async function composeEnvironment(
  base: Foundation,
  services: { readonly settings: SettingsService; readonly movePorts: MovePorts },
): Promise<EnvironmentServices> {
  const { ports, options, folders, store } = base;
  const { settings, movePorts } = services;
  const locations = await openLocations(
    { ...ports, ...movePorts },
    { file: folders.locationsFile, defaults: defaultLocations(folders, options.cacheFolder) },
  );
  base.notify(locations.problem);
  const environment = createEnvironment(
    { ...ports, log: base.log },
    {
      ...options,
      root: () => locations.folderOf('environment'),
      downloadsFolder: () => locations.folderOf('downloads'),
      pythonsFolder: folders.pythons,
      choice: () => settings.get().environmentVariant,
      onChange: (value) => store.set('environment', value),
    },
  );
  return { environment, locations };
}

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
