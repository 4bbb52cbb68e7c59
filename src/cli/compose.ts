/** The app's services for the commands, without a window, composed as for the window (src/main/compose). */
import path from 'node:path';
import { nodeClock } from '../main/adapters/node/clock';
import { nodeFiles } from '../main/adapters/node/files';
import { nodeProcesses } from '../main/adapters/node/processes';
import { nodeRandom } from '../main/adapters/node/random';
import { nodeRawFiles } from '../main/adapters/node/raw-files';
import { composeEnvironment, composeMoves, type EnvironmentBase } from '../main/compose/environment';
import { dataFolders } from '../main/data-folder';
import { createEnvironment, type EnvironmentService } from '../main/install/environment';
import { SILENT_LOG } from '../main/ports/log';
import { openRunningCopy } from '../main/packaged/running-copy';
import { openSettings } from '../main/settings/settings';
import { dataFolderError, recordDataFormat, refusalOfData } from '../main/state/data-format';
import type { Locations } from '../main/storage/locations';
import type { Environment, VariantChoice } from '../shared/environment';
import { describeError, SplitreelError, type AppError } from '../shared/errors';
import type { Settings } from '../shared/settings';
import { cacheFolder, dataFolder, isInstalled, ROOT } from './paths';
import { printProgress } from './terminal';

const ports: EnvironmentBase['ports'] = {
  files: nodeFiles,
  clock: nodeClock,
  processes: nodeProcesses,
  random: nodeRandom,
};

/** `appFolder` holds `python` and `resources`: the checkout, or a copy of it. */
const appOptions = (appFolder = ROOT, env: NodeJS.ProcessEnv = process.env): EnvironmentBase['options'] => ({
  cacheFolder: cacheFolder(),
  pythonFolder: path.join(appFolder, 'python'),
  uvProgram: isInstalled ? path.join(ROOT, 'uv', 'uv') : null,
  resourcesFolder: path.join(appFolder, 'resources'),
  platform: process.platform,
  arch: process.arch,
  env,
  pid: process.pid,
});

export interface EnvironmentFolders {
  readonly root: string;
  readonly downloads?: string;
  readonly appFolder?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly choice?: VariantChoice;
  readonly onChange?: (environment: Environment) => void;
}

/** An environment in a folder of the caller's choice, apart from the user's. */
export function openEnvironment(folders: EnvironmentFolders): EnvironmentService {
  const { root, appFolder, env, choice = 'auto', onChange = () => undefined } = folders;
  const downloads = folders.downloads ?? path.join(cacheFolder(), 'uv');
  return createEnvironment(
    { ...ports, log: SILENT_LOG },
    {
      ...appOptions(appFolder, env),
      root: () => root,
      downloadsFolder: () => downloads,
      pythonsFolder: path.join(path.dirname(root), 'pythons'),
      choice: () => choice,
      onChange,
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
export async function openUserServices({
  choice,
  onChange = () => undefined,
}: Pick<EnvironmentFolders, 'choice' | 'onChange'> = {}): Promise<UserServices> {
  const root = dataFolder();
  const folders = dataFolders(root);
  await claimData(folders.formatFile, root);
  const options = appOptions(isInstalled ? await runningCopy(folders.versions) : ROOT);
  const base: EnvironmentBase = { ports, options, folders, log: SILENT_LOG, notify };
  const settings = await openSettings(ports, { file: folders.settingsFile, onChange: () => undefined });
  notify(settings.problem);
  const { environment, locations } = await composeEnvironment(base, {
    movePorts: await composeMoves(base),
    choice: () => choice ?? settings.get().environmentVariant,
    onChange,
  });
  await environment.check();
  return { dataFolder: root, environment, locations, settings: settings.get() };
}

/** Refuses the data of a newer version, and records this version's format. */
async function claimData(formatFile: string, root: string): Promise<void> {
  const refusal = refusalOfData(await nodeFiles.readText(formatFile).catch(() => null), root);
  if (refusal !== null) throw new SplitreelError(refusal);
  await recordDataFormat(nodeFiles, formatFile).catch((error: unknown) => {
    throw new SplitreelError(dataFolderError(error, root));
  });
}

function notify(problem: AppError | null): void {
  if (problem !== null) printProgress(Object.values(describeError(problem)).join(' '));
}

/** A copy, so that a long job survives an upgrade; on a full disk, the installed files if they are intact. */
const runningCopy = (versions: string): Promise<string> =>
  openRunningCopy({ files: nodeFiles, rawFiles: nodeRawFiles }, { installed: ROOT, versions }).catch(
    (error: unknown) => {
      if (error instanceof SplitreelError) throw error;
      return ROOT;
    },
  );
