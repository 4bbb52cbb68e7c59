/** Checks the copy table against its uses: every text is used, and no error names a button that doesn't exist. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import messages from '../../../resources/messages.en.json';
import { copy } from '.';

const RENDERER = path.resolve(import.meta.dirname, '..');

const sources = readdirSync(RENDERER, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !/^copy\/(en|zh)\//.test(file) && !/\.test\.tsx?$/.test(file))
  .map((file) => readFileSync(path.join(RENDERER, file), 'utf8'));

/** `plan.drawing` and everything below it, as paths. Arrays are values. */
function pathsOf(table: object, before: readonly string[] = []): string[][] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]) => {
    const here = [...before, key];
    const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isTable ? [here, ...pathsOf(value, here)] : [here];
  });
}

/**
 * The keys that each source reads: `copy.app.close` directly, and `strings.title` as `plan.title` after `strings =
 * copy.plan`. A table that is indexed (`copy.app.pages[name]`) uses every key below it.
 */
function readsOf(source: string): { path: string; isIndexed: boolean }[] {
  const aliases = new Map([['copy', '']]);
  for (const [, name = '', of = ''] of source.matchAll(/const (\w+) = copy\.([\w.]+);/g)) aliases.set(name, of);
  return [...aliases].flatMap(([name, of]) =>
    [...source.matchAll(new RegExp(`\\b${name}\\s*\\.([\\w]+(?:\\s*\\.[\\w]+)*)(\\[)?`, 'g'))].map(
      ([, rest = '', bracket]) => ({
        path: [of, rest.replace(/\s/g, '')].filter((part) => part !== '').join('.'),
        isIndexed: bracket !== undefined,
      }),
    ),
  );
}

const reads = sources.flatMap(readsOf);
const leaves = pathsOf(copy).filter((steps) => {
  const value = steps.reduce<unknown>((table, step) => (table as Record<string, unknown>)[step], copy);
  return typeof value !== 'object' || Array.isArray(value);
});

test('every text is used', () => {
  const isRead = (key: string): boolean =>
    reads.some(
      (read) =>
        read.path === key || read.path.startsWith(`${key}.`) || (read.isIndexed && key.startsWith(`${read.path}.`)),
    );
  expect(leaves.map((steps) => steps.join('.')).filter((key) => !isRead(key))).toEqual([]);
});

/** Plain strings, which may be button labels. */
const labels = new Set(
  leaves
    .map((steps) => steps.reduce<unknown>((table, step) => (table as Record<string, unknown>)[step], copy))
    .filter((value) => typeof value === 'string'),
);

const actions = [...Object.entries(messages.errors), ...Object.entries(messages.findings)].map(
  ([code, { action }]) => [code, action] as const,
);

test.each(actions.filter(([, action]) => /\b[Pp]ress\b/.test(action)))('%s: "%s" names a button', (_code, action) => {
  const buttons = [...action.matchAll(/\b[Pp]ress ([A-Z][\w-]*(?: [a-z-]+)*?)(?=[.,;:]| (?:on|to|at|and) |$)/g)];
  expect(buttons).not.toEqual([]);
  for (const [, button] of buttons) expect(labels).toContain(button);
});

test.each(actions.filter(([, action]) => /\bpage\b/.test(action)))('%s: "%s" names a page', (_code, action) => {
  for (const [, name] of action.matchAll(/\b([A-Z]\w+) page\b/g)) expect(Object.values(copy.app.pages)).toContain(name);
});

test.each(actions.filter(([, action]) => /\bon the \w+ page\b/.test(action)))(
  '%s: "%s" begins with a button of that page',
  (_code, action) => {
    // `Repair it on the Machine page.`: the verb is the button.
    const [verb = ''] = action.split(' ');
    if (verb === 'Press') return;
    expect(labels).toContain(verb);
  },
);

test('packages that the user chose are explained in a whole phrase', () => {
  expect(copy.install.what({ variant: 'cuda', reason: 'chosen' })).toBe('NVIDIA GPUs (your choice)');
  expect(copy.install.what({ variant: 'cpu', reason: 'noGpu' })).toBe('CPU only (no NVIDIA GPU was found)');
});
