/** Folders that the scripts share. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');

/** Heavy things that can be had again: runtimes, wheels, the Python of the tests. Outside the tree. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env['SPLITREEL_CACHE'];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  const xdg = env['XDG_CACHE_HOME'];
  const base = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(homedir(), '.cache');
  return path.join(base, 'splitreel');
}

export const isRoot = (): boolean => process.getuid?.() === 0;
export const say = (text: string): void => void process.stdout.write(`${text}\n`);
export const isOnPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, program)));
