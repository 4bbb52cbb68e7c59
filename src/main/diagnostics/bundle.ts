/** One file for a support request: logs, versions, GPUs, jobs. It contains prompts only if the user ticks that. */
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Slices } from '../../shared/ipc';
import type { Files } from '../ports/files';
import { ownLines, redactPaths, redactPrompts, secretsOf, withoutPrompt, withoutRewriting } from './redact';
import { tar, type TarEntry } from './tar';

export interface BundleInput {
  readonly slices: Slices;
  readonly logsFolder: string;
  readonly home: string;
  readonly includePrompts: boolean;
}

export async function makeBundle(files: Files, input: BundleInput): Promise<Uint8Array> {
  return gzipSync(tar(await bundleEntries(files, input)));
}

export async function bundleEntries(
  files: Pick<Files, 'list' | 'readText'>,
  { slices, logsFolder, home, includePrompts }: BundleInput,
): Promise<readonly TarEntry[]> {
  const secrets = includePrompts ? [] : secretsOf(slices);
  const clean = (text: string): string => redactPaths(includePrompts ? text : redactPrompts(text, secrets), home);
  const state = {
    about: slices.about,
    machine: slices.machine,
    environment: slices.environment,
    engine: slices.engine,
    models: slices.models,
    measurements: slices.measurements,
    jobs: includePrompts ? slices.jobs : slices.jobs.map(withoutPrompt),
    settings: withoutRewriting({ ...slices.settings, draft: null }),
  };
  const entries: TarEntry[] = [{ name: 'state.json', content: clean(JSON.stringify(state, null, 2)) }];
  for (const name of await files.list(logsFolder)) {
    if (!name.endsWith('.log')) continue;
    const log = await files.readText(path.join(logsFolder, name));
    entries.push({ name: `logs/${name}`, content: clean(includePrompts ? log : ownLines(log)) });
  }
  return entries;
}
