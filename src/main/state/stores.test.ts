import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { calls } from '../../shared/ipc';
import { DEFAULT_SETTINGS } from '../../shared/settings';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { openSettings } from '../settings/settings';
import { openJsonStore } from './json-store';
import { PIECE_ITEMS } from './pieces';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = (): string => path.join(folder, 'settings.json');
const open = () => openSettings({ files: nodeFiles, clock: nodeClock }, { file: file(), onChange: () => undefined });

test('a saved value survives a restart, and no partial file is left', async () => {
  const settings = await open();
  await Promise.all(Array.from({ length: 30 }, (_, ranks) => settings.update({ cpuRanks: (ranks % 8) + 1 })));
  await settings.update({ theme: 'dark' });
  expect((await open()).get()).toEqual({ ...DEFAULT_SETTINGS, theme: 'dark', cpuRanks: 6 });
  expect(await readdir(folder)).toEqual(['settings.json']);
});

test('changing one setting, as the window does, keeps the others', async () => {
  const settings = await open();
  await settings.update(calls.updateSettings.input.parse({ cpuRanks: 4, theme: 'light' }));
  await settings.update(calls.updateSettings.input.parse({ loopPlayback: false }));
  expect(settings.get()).toEqual({ ...DEFAULT_SETTINGS, cpuRanks: 4, theme: 'light', loopPlayback: false });
});

test('an older file gets defaults for missing settings, and of an unknown shape only the draft is dropped', async () => {
  await writeFile(file(), JSON.stringify({ version: 1, theme: 'light', draft: { old: true } }));
  const settings = await open();
  expect(settings.get()).toEqual({ ...DEFAULT_SETTINGS, theme: 'light' });
  expect(settings.problem).toBeNull();
});

test.each([
  ['cut off', '{"version": 1, "the'],
  ['zeros', '\0'.repeat(200)],
  ['of a newer version', '{"version": 99}'],
  ['with wrong types', '{"version": 1, "theme": 7}'],
  ['empty', ''],
])('a file that is %s is set aside and reported; the app opens', async (_name, content) => {
  await writeFile(file(), content);
  const settings = await open();
  expect(settings.get()).toEqual(DEFAULT_SETTINGS);
  expect(settings.problem?.code).toBe('STORE_CORRUPT');
  const [backup = ''] = await readdir(folder);
  expect(backup).toMatch(/^settings\.json\.damaged-\d+$/);
  expect(await readFile(path.join(folder, backup), 'utf8')).toBe(content);
});

test('a value that a full disk rejected is reported once and written as soon as there is space', async () => {
  let isFull = true;
  let retry: () => void = () => undefined;
  const reported: string[] = [];
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
  const files = {
    ...nodeFiles,
    writeAtomically: (target: string, content: string | Uint8Array) =>
      isFull ? Promise.reject(full) : nodeFiles.writeAtomically(target, content),
  };
  const clock = {
    ...nodeClock,
    after: (_delayMs: number, run: () => void) => {
      retry = run;
      return () => undefined;
    },
  };
  const store = await openJsonStore(
    { files, clock },
    { file: file(), schema: z.number(), fallback: 0, onUnsaved: ({ code }) => void reported.push(code) },
  );
  await expect(store.save(1)).rejects.toThrow('full');
  await expect(store.save(2)).rejects.toThrow('full');
  expect(reported).toEqual(['DISK_RAN_FULL']);
  isFull = false;
  retry();
  await expect.poll(() => readFile(file(), 'utf8')).toBe('2\n');
});

test('settings apply although a full disk rejects them, and a copy elsewhere never fails because of it', async () => {
  const seen: string[] = [];
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
  const files = { ...nodeFiles, writeAtomically: () => Promise.reject(full) };
  const clock = { ...nodeClock, after: () => () => undefined };
  const settings = await openSettings({ files, clock }, { file: file(), onChange: ({ theme }) => seen.push(theme) });
  await expect(settings.update({ theme: 'light' })).rejects.toThrow('full');
  expect(seen).toEqual(['light']);
  await settings.setLastSaveFolder('/media/stick');
  expect(settings.get()).toMatchObject({ theme: 'light', lastSaveFolder: '/media/stick' });
});

describe('a long list or record', () => {
  const LENGTH = 2 * PIECE_ITEMS + 1;
  const schema = z.object({
    version: z.literal(1),
    items: z.union([z.array(z.number()), z.record(z.string(), z.number())]),
    isPaused: z.boolean().default(false),
  });
  const openLong = (content: object) => {
    const json = JSON.stringify(content);
    const files = { ...nodeFiles, readText: () => Promise.resolve(json) };
    const item = z.number().transform((value) => {
      turns.add(turn);
      return value + 1;
    });
    const fallback = { version: 1 as const, items: [], isPaused: false };
    return writeFile(file(), json).then(() =>
      openJsonStore({ files, clock: nodeClock }, { file: file(), schema, fallback, long: { key: 'items', item } }),
    );
  };
  // Turns of the event loop in which items were checked.
  const turns = new Set<number>();
  let turn = 0;
  let next: NodeJS.Immediate;
  const countTurns = (): void => {
    turn += 1;
    next = setImmediate(countTurns);
  };
  beforeEach(() => {
    turns.clear();
    countTurns();
  });
  afterEach(() => clearImmediate(next));
  const numbers = Array.from({ length: LENGTH }, (_, index) => index);

  test('is checked in pieces, and main handles other events between them', async () => {
    const store = await openLong({ version: 1, items: numbers });
    expect(turns.size).toBe(3);
    expect(store.value()).toEqual({ version: 1, items: numbers.map((number) => number + 1), isPaused: false });
  });

  test('keeps the keys of a record', async () => {
    const items = Object.fromEntries(numbers.map((number) => [`video ${String(number)}`, number]));
    const store = await openLong({ version: 1, items });
    expect(Object.entries(store.value().items)).toEqual(
      numbers.map((number) => [`video ${String(number)}`, number + 1]),
    );
  });

  test.each([
    ['an invalid item at the end', { version: 1, items: [...numbers, 'one'] }],
    ['an invalid part beside it', { version: 2, items: numbers }],
    ['another type', { version: 1, items: 7 }],
  ])('with %s is set aside', async (_name, content) => {
    const store = await openLong(content);
    expect(store.value().items).toEqual([]);
    expect(store.problem?.code).toBe('STORE_CORRUPT');
  });
});
