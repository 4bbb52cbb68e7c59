/**
 * Where the app keeps its files. Independent of Electron, so that the command line finds the same environment and
 * models.
 */
import path from 'node:path';
import type { LocationName } from '../shared/storage';
import { DATA_FOLDER } from '../shared/variables';

export interface DataFolders {
  readonly root: string;
  /** The version of the folder's contents (state/data-format.ts). */
  readonly formatFile: string;
  /** Chromium's own profile. */
  readonly profile: string;
  readonly environment: string;
  /** Downloaded Pythons, where the system had none. */
  readonly pythons: string;
  readonly models: string;
  /** Verification records of models outside the models folder, one file per model. */
  readonly verified: string;
  readonly logs: string;
  /** Copies of the installed app's code that a running app reads (packaged/running-copy.ts). */
  readonly versions: string;
  readonly previews: string;
  readonly thumbnails: string;
  /** Frames of videos that other videos start from. */
  readonly firstFrames: string;
  /** Compiled GPU kernels, how they compared, and embeddings of prompts; the engine finds it in store/locations.py. */
  readonly kernels: string;
  /** Where the user moved the environment and the downloads. */
  readonly locationsFile: string;
  /** The journal of an unfinished move. */
  readonly movesFile: string;
  readonly settingsFile: string;
  readonly jobsFile: string;
  readonly downloadsFile: string;
  /** The user's own list of models, in addition to resources/catalog.json. */
  readonly catalogFile: string;
  /** The token, encrypted by the system's keychain. */
  readonly tokenFile: string;
  /** Encrypted by the system's keychain. */
  readonly rewriterKeyFile: string;
  readonly measurementsFile: string;
  /** The prompt history and presets. */
  readonly promptsFile: string;
  /** Favorites, ratings and tags of videos. */
  readonly marksFile: string;
  readonly windowFile: string;
  /** The last update announcement. */
  readonly updatesFile: string;
  readonly workerPidFile: string;
}

export interface DataFolderSource {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** resources/golden/data-folder.json keeps this in step with python/splitreel/store/locations.py. */
export function dataRoot({ home, env }: DataFolderSource): string {
  const chosen = env[DATA_FOLDER];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  const xdg = env['XDG_DATA_HOME'];
  // The XDG specification says that a relative path is invalid and must be ignored.
  const base = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(home, '.local', 'share');
  return path.join(base, 'splitreel');
}

/** For files that can be downloaded again: runtimes, wheels. */
export function cacheRoot({ home, env }: DataFolderSource): string {
  const chosen = env['SPLITREEL_CACHE'];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  const xdg = env['XDG_CACHE_HOME'];
  const base = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(home, '.cache');
  return path.join(base, 'splitreel');
}

export function dataFolders(root: string): DataFolders {
  return {
    root,
    formatFile: path.join(root, 'format.json'),
    profile: path.join(root, 'window'),
    environment: path.join(root, 'environment'),
    pythons: path.join(root, 'pythons'),
    models: path.join(root, 'models'),
    verified: path.join(root, 'verified'),
    logs: path.join(root, 'logs'),
    versions: path.join(root, 'versions'),
    previews: path.join(root, 'previews'),
    thumbnails: path.join(root, 'thumbnails'),
    firstFrames: path.join(root, 'first-frames'),
    kernels: path.join(root, 'cache'),
    locationsFile: path.join(root, 'locations.json'),
    movesFile: path.join(root, 'moves.json'),
    settingsFile: path.join(root, 'settings.json'),
    downloadsFile: path.join(root, 'downloads.json'),
    catalogFile: path.join(root, 'catalog.json'),
    tokenFile: path.join(root, 'hub-token.bin'),
    rewriterKeyFile: path.join(root, 'rewriter-key.bin'),
    jobsFile: path.join(root, 'jobs.json'),
    measurementsFile: path.join(root, 'measurements.json'),
    updatesFile: path.join(root, 'updates.json'),
    promptsFile: path.join(root, 'prompts.json'),
    marksFile: path.join(root, 'marks.json'),
    windowFile: path.join(root, 'window.json'),
    workerPidFile: path.join(root, 'worker.json'),
  };
}

/** The default locations of folders that can be moved. */
export const defaultLocations = (
  folders: DataFolders,
  cacheFolder: string,
): Readonly<Record<LocationName, string>> => ({
  environment: folders.environment,
  downloads: path.join(cacheFolder, 'uv'),
});
