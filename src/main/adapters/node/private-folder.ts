import { chmodSync, mkdirSync, statSync } from 'node:fs';
import process from 'node:process';

const PRIVATE = 0o700;

/**
 * A folder that only its owner can enter: logs, prompts and previews lie below it. One that a command made with other
 * rights is narrowed. Throws Node's error where it cannot be made or written.
 */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE });
  const { mode, uid } = statSync(folder);
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(folder, PRIVATE);
}
