/** Folders of the app's own files, of this user, and of whoever typed the command. */
import { homedir } from 'node:os';
import path from 'node:path';
import { cacheRoot, dataRoot } from '../main/data-folder';

/** The checkout. */
export const ROOT = path.resolve(import.meta.dirname, '..', '..');

const { env } = process;
const source = { home: homedir(), env };

export const dataFolder = (): string => dataRoot(source);
/** What can be fetched again: runtimes, wheels, the Python of the tests. */
export const cacheFolder = (): string => cacheRoot(source);

/** Relative paths on the command line start here. npm runs scripts in the checkout and names this folder in INIT_CWD. */
export function callerFolder(variables: NodeJS.ProcessEnv = env, current: string = process.cwd()): string {
  const npmCaller = variables['INIT_CWD'];
  return npmCaller !== undefined && path.isAbsolute(npmCaller) ? npmCaller : current;
}

export const fromCaller = (given: string): string => path.resolve(callerFolder(), given);
