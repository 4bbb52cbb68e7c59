/** Folders of the app's own files, of this user, and of the shell that ran the command. */
import { homedir } from 'node:os';
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { cacheRoot, dataRoot } from '../main/data-folder';

/** The folder of the installed app's `python` and `resources`; null in a checkout. */
const installedFolder = ((): string | null => {
  const data: unknown = workerData;
  if (typeof data !== 'object' || data === null || !('appFolder' in data)) return null;
  return typeof data.appFolder === 'string' ? data.appFolder : null;
})();

export const isInstalled = installedFolder !== null;

/** The checkout, or the installed app's own files. */
export const ROOT = installedFolder ?? path.resolve(import.meta.dirname, '..', '..');

/** How a user calls a command: `splitreel NAME`, or `npm run NAME --` in a checkout. */
export const callOf = (name: string): string => (isInstalled ? `splitreel ${name}` : `npm run ${name} --`);

const { env } = process;
const source = { home: homedir(), env };

export const dataFolder = (): string => dataRoot(source);
/** For what can be downloaded again: runtimes, wheels, the Python of the tests. */
export const cacheFolder = (): string => cacheRoot(source);

/** Relative paths on the command line start here. npm runs scripts in the checkout and names this folder in INIT_CWD. */
export function callerFolder(variables: NodeJS.ProcessEnv = env, current: string = process.cwd()): string {
  const npmCaller = variables['INIT_CWD'];
  return !isInstalled && npmCaller !== undefined && path.isAbsolute(npmCaller) ? npmCaller : current;
}

export const fromCaller = (given: string): string => path.resolve(callerFolder(), given);
