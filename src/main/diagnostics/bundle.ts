/** One file for whoever helps: logs, versions, GPUs, jobs. Without prompts unless ticked, without the home folder. */
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Slices } from '../../shared/ipc';
import type { Files } from '../ports/files';
import { tar, type TarEntry } from './tar';

export interface BundleInput {
  readonly slices: Slices;
  readonly logsFolder: string;
  readonly home: string;
  readonly includePrompts: boolean;
}

export async function makeBundle(files: Files, input: BundleInput): Promise<Uint8Array> {
  const { slices } = input;
  const secrets = input.includePrompts ? [] : promptsOf(slices);
  const clean = (text: string): string => redact(text, input.home, secrets);
  const state = {
    about: slices.about,
    machine: slices.machine,
    environment: slices.environment,
    engine: slices.engine,
    models: slices.models,
    measurements: slices.measurements,
    jobs: slices.jobs,
    settings: { ...slices.settings, draft: null },
  };
  const entries: TarEntry[] = [{ name: 'state.json', content: clean(JSON.stringify(state, null, 2)) }];
  for (const name of await files.list(input.logsFolder))
    if (name.endsWith('.log'))
      entries.push({ name: `logs/${name}`, content: clean(await files.readText(path.join(input.logsFolder, name))) });
  return gzipSync(tar(entries));
}

function promptsOf(slices: Slices): readonly string[] {
  const requests = [
    ...slices.jobs.map(({ request }) => request),
    ...slices.library.map(({ metadata }) => metadata.request),
  ];
  const draft = slices.settings.draft?.request;
  const texts = [...requests, ...(draft === undefined ? [] : [draft])].flatMap((r) => [r.prompt, r.negativePrompt]);
  // Longest first, so that a prompt which holds another goes whole.
  return [...new Set(texts)].filter((text) => text.trim() !== '').sort((a, b) => b.length - a.length);
}

/** Also finds a prompt as JSON writes it. */
export function redact(text: string, home: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets)
    for (const form of [JSON.stringify(secret).slice(1, -1), secret]) clean = clean.replaceAll(form, '[prompt]');
  return home === '' || home === '/' ? clean : clean.replaceAll(home, '~');
}
