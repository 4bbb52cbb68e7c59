/** Composes the environment and its folders, for the window and for the command line. */
import type { Environment, VariantChoice } from '../../shared/environment';
import { defaultLocations } from '../data-folder';
import { createEnvironment, type EnvironmentService } from '../install/environment';
import type { Log } from '../ports/log';
import { openLocations, type Locations } from '../storage/locations';
import { openMoveJournal, type MovePorts } from '../storage/move-folder';
import type { AppOptions, AppPorts, Foundation } from './foundation';

/** The parts of the foundation that need no window. */
export interface EnvironmentBase extends Pick<Foundation, 'folders' | 'notify'> {
  readonly ports: Pick<AppPorts, 'files' | 'clock' | 'processes' | 'random'>;
  readonly options: Pick<
    AppOptions,
    'cacheFolder' | 'pythonFolder' | 'uvProgram' | 'resourcesFolder' | 'env' | 'pid' | 'platform' | 'arch'
  >;
  readonly log: Log;
}

export interface EnvironmentServices {
  readonly environment: EnvironmentService;
  readonly locations: Locations;
}

/** There is one journal, so environment, downloads and models are moved one at a time. */
export async function composeMoves({ ports, folders, notify }: EnvironmentBase): Promise<MovePorts> {
  const journal = await openMoveJournal(ports, folders.movesFile);
  notify(journal.problem);
  return { ...ports, journal };
}

export async function composeEnvironment(
  base: EnvironmentBase,
  services: {
    readonly movePorts: MovePorts;
    readonly choice: () => VariantChoice;
    readonly onChange: (environment: Environment) => void;
  },
): Promise<EnvironmentServices> {
  const { ports, options, folders } = base;
  const { movePorts, choice, onChange } = services;
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
      choice,
      onChange,
    },
  );
  return { environment, locations };
}
