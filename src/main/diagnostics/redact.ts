/**
 * Keeps private data out of diagnostics files: prompts in any form, file names made from them, the home folder, and
 * passwords in URLs. Prompts that are no longer known (from removed jobs, or truncated by a library) are covered by
 * leaving out every line that another program printed.
 */
import type { Job } from '../../shared/job';
import type { Slices } from '../../shared/ipc';
import { loraName } from '../../shared/sampling';
import type { Settings } from '../../shared/settings';
import { promptSlug } from '../jobs/output-path';
import { OUTPUT_MARK } from '../json-lines/json-lines-process';

const MIN_SECRET_CHARACTERS = 3;
const MEDIA_FILE = /[^\s"'\\/]+\.(mp4|png|jpe?g|webp)\b/giu;
const CREDENTIALS = /\/\/[^\s/@"]+@/g;

/** Prompts, file names made from them, and names of LoRAs, longest first because one may contain another. */
export function secretsOf({ jobs, library, settings }: Slices): readonly string[] {
  const draft = settings.draft?.request;
  const requests = [
    ...jobs.map(({ request }) => request),
    ...library.map(({ metadata }) => metadata.request),
    ...(draft === undefined ? [] : [draft]),
  ];
  const texts = requests.flatMap(({ prompt, rewrittenFrom, negativePrompt }) => [
    prompt,
    rewrittenFrom ?? '',
    negativePrompt,
  ]);
  const forms = texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1), promptSlug(text)]);
  const loras = requests.flatMap((request) => request.loras.map(loraName));
  return [...new Set([...forms, ...loras])]
    .filter((form) => form.trim().length >= MIN_SECRET_CHARACTERS && form !== 'video')
    .sort((a, b) => b.length - a.length);
}

/** A job without anything that the user wrote or chose. */
export const withoutPrompt = (job: Job): object => {
  const { prompt, rewrittenFrom, negativePrompt: _, imagePath, loras, ...request } = job.request;
  const safe = {
    promptCharacters: prompt.length,
    isRewritten: rewrittenFrom !== null,
    hasImage: imagePath !== null,
    loras: loras.map(({ sha256, strength }) => ({ sha256, strength })),
  };
  return { ...job, request: { ...request, ...safe } };
};

/** Only which kind of rewriting is on: a command line or an address can hold a password, an instruction anything. */
export const withoutRewriting = ({ rewriter, rewriteInstruction: _, ...settings }: Settings): object => ({
  ...settings,
  rewriter: { kind: rewriter.kind },
});

/** Log lines that the app wrote itself. */
export const ownLines = (log: string): string =>
  log
    .split('\n')
    .filter((line) => !line.includes(OUTPUT_MARK))
    .join('\n');

export function redactPrompts(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replace(new RegExp(escaped(secret), 'giu'), '[prompt]');
  return clean.replace(MEDIA_FILE, '[file].$1');
}

export const redactPaths = (text: string, home: string): string => {
  const clean = text.replace(CREDENTIALS, '//[credentials]@');
  return home === '' || home === '/' ? clean : clean.replaceAll(home, '~');
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
