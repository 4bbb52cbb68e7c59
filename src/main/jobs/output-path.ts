/**
 * Names of video files: part of the prompt plus the seed, never the name of an existing file.
 * resources/golden/video-names.json keeps these rules in step with python/splitreel/rules/naming.py.
 */
import path from 'node:path';
import type { Files } from '../ports/files';

/** Well under the 255 bytes that file systems allow, whatever the script. */
const MAX_SLUG_BYTES = 80;

export function promptSlug(prompt: string): string {
  const found = prompt
    .normalize('NFC')
    .toLowerCase()
    .match(/[\p{Letter}\p{Number}]+/gu);
  const words = (found ?? []).join('-');
  let short = '';
  let bytes = 0;
  for (const letter of words) {
    bytes += Buffer.byteLength(letter);
    if (bytes > MAX_SLUG_BYTES) break;
    short += letter;
  }
  if (short.length < words.length && words[short.length] !== '-') {
    // Ends at a word, unless that leaves less than half.
    const end = short.lastIndexOf('-');
    if (Array.from(short.slice(0, Math.max(end, 0))).length > Array.from(short).length / 2) short = short.slice(0, end);
  }
  return short.replace(/-+$/, '') || 'video';
}

export const videoName = (prompt: string, seed: number): string => `${promptSlug(prompt)}_seed${String(seed)}`;

/** One path per seed; a number is added if the file exists or another video of the job has the name. */
export async function outputPaths(
  files: Pick<Files, 'stat'>,
  folder: string,
  prompt: string,
  seeds: readonly number[],
): Promise<readonly string[]> {
  const taken = new Set<string>();
  for (const seed of seeds) {
    const name = path.join(folder, videoName(prompt, seed));
    let candidate = `${name}.mp4`;
    for (let copy = 1; taken.has(candidate) || (await files.stat(candidate)) !== null; copy += 1)
      candidate = `${name}_${String(copy)}.mp4`;
    taken.add(candidate);
  }
  return [...taken];
}
