import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Mutation } from './mutation';

const FOLDERS = { vitest: '.', e2e: '.', pytest: 'python' } as const;
/** Options whose value selects tests: by part of a title, or by a pytest expression. */
const SELECTORS: readonly (string | undefined)[] = ['-t', '-g', '-k'];

/** Why the entry no longer describes the code, or null. */
export async function staleness(root: string, { file, find, test }: Mutation): Promise<string | null> {
  const source = await textOf(path.join(root, file));
  if (source === null) return `${file} doesn't exist`;
  if (source.split(find).length !== 2) return `${file} doesn't contain the code to change exactly once`;
  const [runner, ...args] = test;
  const option = args.findIndex((arg) => arg.startsWith('-'));
  const targets = option === -1 ? args : args.slice(0, option);
  const titles: string[] = [];
  for (const target of targets) {
    const full = path.join(root, FOLDERS[runner], target);
    const info = await stat(full).catch(() => null);
    if (info === null) return `${target} doesn't exist`;
    // A selector for a whole folder isn't checked: without a match, the runner reports that no test ran.
    if (info.isDirectory()) return null;
    titles.push((await textOf(full)) ?? '');
  }
  const selector = args.find((_, index) => SELECTORS.includes(args[index - 1]));
  const parts = runner === 'pytest' ? (selector?.split(/ (?:and|or) /) ?? []) : [selector ?? ''];
  const missing = parts.find((part) => !titles.some((text) => text.includes(part)));
  return missing === undefined ? null : `no test in ${targets.join(', ')} matches ${missing}`;
}

const textOf = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(() => null);
