/** The app's services for the commands, without a window: the same environment, made by the same code. */
import path from 'node:path';
import { nodeClock } from '../main/adapters/node/clock';
import { nodeFiles } from '../main/adapters/node/files';
import { nodeProcesses } from '../main/adapters/node/processes';
import { nodeRandom } from '../main/adapters/node/random';
import { nodeRawFiles } from '../main/adapters/node/raw-files';
import { dataFolders, defaultLocations } from '../main/data-folder';
import { createEnvironment, type EnvironmentService } from '../main/install/environment';
import { SILENT_LOG } from '../main/ports/log';
import { openRunningCopy } from '../main/packaged/running-copy';
import { openSettings } from '../main/settings/settings';
import { dataFolderError, recordDataFormat, refusalOfData } from '../main/state/data-format';
import { openLocations, type Locations } from '../main/storage/locations';
import { openMoveJournal } from '../main/storage/move-folder';
import type { Environment, VariantChoice } from '../shared/environment';
import { describeError, SplitreelError } from '../shared/errors';
import type { Settings } from '../shared/settings';
import { cacheFolder, dataFolder, isInstalled, ROOT } from './paths';
import { printProgress } from './terminal';

export interface EnvironmentFolders {
  readonly root: string;
  readonly downloads?: string;
  readonly pythons?: string;
  /** Holds `python` and `resources`: the checkout, or a copy of it. */
  readonly appFolder?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly choice?: VariantChoice;
  readonly onChange?: (environment: Environment) => void;
}

/** An environment in a folder of the caller's choice. */
export function openEnvironment(folders: EnvironmentFolders): EnvironmentService {
  const { root, appFolder = ROOT, env = process.env, choice = 'auto' } = folders;
  const downloads = folders.downloads ?? path.join(cacheFolder(), 'uv');
  return createEnvironment(
    { files: nodeFiles, clock: nodeClock, processes: nodeProcesses, random: nodeRandom, log: SILENT_LOG },
    {
      root: () => root,
      downloadsFolder: () => downloads,
      pythonsFolder: folders.pythons ?? path.join(path.dirname(root), 'pythons'),
      pythonFolder: path.join(appFolder, 'python'),
      uvProgram: isInstalled ? path.join(ROOT, 'uv', 'uv') : null,
      resourcesFolder: path.join(appFolder, 'resources'),
      platform: process.platform,
      arch: process.arch,
      env,
      pid: process.pid,
      choice: () => choice,
      onChange: folders.onChange ?? (() => undefined),
    },
  );
}

export interface UserServices {
  readonly dataFolder: string;
  readonly environment: EnvironmentService;
  readonly locations: Locations;
  readonly settings: Settings;
}

/** The environment in this user's data folder, wherever it was moved to. */
export async function openUserServices(
  options: Pick<EnvironmentFolders, 'choice' | 'onChange'> = {},
): Promise<UserServices> {
  const root = dataFolder();
  const folders = dataFolders(root);
  const ports = { files: nodeFiles, clock: nodeClock, processes: nodeProcesses, random: nodeRandom };
  const refusal = refusalOfData(await nodeFiles.readText(folders.formatFile).catch(() => null), root);
  if (refusal !== null) throw new SplitreelError(refusal);
  await recordDataFormat(nodeFiles, folders.formatFile).catch((error: unknown) => {
    throw new SplitreelError(dataFolderError(error, root));
  });
  const journal = await openMoveJournal(ports, folders.movesFile);
  const locations = await openLocations(
    { ...ports, journal },
    { file: folders.locationsFile, defaults: defaultLocations(folders, cacheFolder()) },
  );
  const opened = await openSettings(ports, { file: folders.settingsFile, onChange: () => undefined });
  for (const { problem } of [journal, locations, opened])
    if (problem !== null) printProgress(Object.values(describeError(problem)).join(' '));
  const settings = opened.get();
  const environment = openEnvironment({
    ...options,
    appFolder: isInstalled ? await runningCopy(folders.versions) : ROOT,
    root: locations.folderOf('environment'),
    downloads: locations.folderOf('downloads'),
    pythons: folders.pythons,
    choice: options.choice ?? settings.environmentVariant,
  });
  await environment.check();
  return { dataFolder: root, environment, locations, settings };
}

/** A long job outlives an upgrade; on a full disk the installed files serve, if they are whole. */
const runningCopy = (versions: string): Promise<string> =>
  openRunningCopy({ files: nodeFiles, rawFiles: nodeRawFiles }, { installed: ROOT, versions }).catch(
    (error: unknown) => {
      if (error instanceof SplitreelError) throw error;
      return ROOT;
    },
  );
