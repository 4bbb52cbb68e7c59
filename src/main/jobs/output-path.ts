/** Names that a person can read: a piece of the prompt and the seed. Never over another file. */
import path from 'node:path';
import type { Files } from '../ports/files';

const MAX_SLUG_LENGTH = 48;

export function promptSlug(prompt: string): string {
  const words = prompt
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  // By code points: letters and digits only are left, and half a pair would be no letter.
  const letters = Array.from(words);
  if (letters.length <= MAX_SLUG_LENGTH) return words === '' ? 'video' : words;
  const cut = letters.slice(0, MAX_SLUG_LENGTH).join('');
  // Ends at a word where there is one in the second half.
  const lastWord = cut.lastIndexOf('-');
  return lastWord > MAX_SLUG_LENGTH / 2 ? cut.slice(0, lastWord) : cut;
}

/** One path per seed; a number is added where a file is there already or another video of the job has the name. */
export async function outputPaths(
  files: Pick<Files, 'stat'>,
  folder: string,
  prompt: string,
  seeds: readonly number[],
): Promise<readonly string[]> {
  const slug = promptSlug(prompt);
  const taken = new Set<string>();
  const paths: string[] = [];
  for (const seed of seeds) {
    let candidate = path.join(folder, `${slug}-${String(seed)}.mp4`);
    for (let copy = 2; taken.has(candidate) || (await files.stat(candidate)) !== null; copy += 1)
      candidate = path.join(folder, `${slug}-${String(seed)}-${String(copy)}.mp4`);
    taken.add(candidate);
    paths.push(candidate);
  }
  return paths;
}
