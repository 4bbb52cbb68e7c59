import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

const PRIVATE = 0o700;

/**
 * A folder that only its owner can enter: logs, prompts and previews are in it. Broader permissions of an existing
 * folder are reduced. Throws Node's error if the folder can't be created or written.
 */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE });
  const { mode, uid } = statSync(folder);
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(folder, PRIVATE);
  accessSync(folder, constants.W_OK | constants.X_OK);
}

/** Null if the file doesn't exist or can't be read. For reads that must happen before anything else. */
export function readTextNow(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Null if there is no folder for temporary files either. */
export function makeThrowawayFolder(): string | null {
  try {
    return mkdtempSync(path.join(tmpdir(), 'splitreel-'));
  } catch {
    return null;
  }
}

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });
