/** The Electron that ships must still get security fixes. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';

/** Dates of the stable releases, from the npm registry. Add a line for each new major. */
const RELEASED: Readonly<Record<number, string>> = {
  42: '2026-05-06',
  43: '2026-07-01',
  44: '2026-08-25',
  45: '2026-10-21',
};
/** Electron supports its three newest majors, released eight weeks apart. */
const SUPPORTED_MS = 24 * 7 * 24 * 3_600_000;

const isSupported = (major: number, now: number): boolean => {
  const released = RELEASED[major];
  return released !== undefined && now - Date.parse(released) < SUPPORTED_MS;
};

test('the pinned Electron is a major that gets security fixes today', async () => {
  const text = await readFile(path.resolve(import.meta.dirname, '../../../package.json'), 'utf8');
  const major = Number(/"electron": "(\d+)/.exec(text)?.[1]);
  expect(isSupported(major, Date.now()), `Electron ${String(major)} is too old or not in the table`).toBe(true);
});

test('support ends after three releases, and an unknown major counts as unsupported', () => {
  expect(isSupported(42, Date.parse('2026-10-20'))).toBe(true);
  expect(isSupported(42, Date.parse('2026-11-01'))).toBe(false);
  expect(isSupported(22, Date.parse('2026-11-01'))).toBe(false);
});
