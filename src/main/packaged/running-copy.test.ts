import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from '../adapters/node/files';
import { nodeRawFiles } from '../adapters/node/raw-files';
import { openRunningCopy } from './running-copy';

let folder = '';
let installed = '';
let versions = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-copy-'));
  installed = path.join(folder, 'installed');
  versions = path.join(folder, 'data', 'versions');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Replaces the previous version's files, as a package manager does. */
async function install(version: string): Promise<void> {
  const contents = { 'python/late.py': version, 'resources/demo/weights': version, 'app.asar': version };
  const hashes: Record<string, string> = {};
  await rm(installed, { recursive: true, force: true });
  for (const [name, text] of Object.entries(contents)) {
    await mkdir(path.dirname(path.join(installed, name)), { recursive: true });
    await writeFile(path.join(installed, name), text);
    hashes[name] = createHash('sha256').update(text).digest('hex');
  }
  await writeFile(path.join(installed, 'manifest.json'), JSON.stringify({ files: hashes }));
}

const open = (): Promise<string> =>
  openRunningCopy({ files: nodeFiles, rawFiles: nodeRawFiles }, { installed, versions });
const late = (copy: string): Promise<string> => readFile(path.join(copy, 'python', 'late.py'), 'utf8');

test('a running app loads files of its own version, whatever is installed meanwhile', async () => {
  await install('one');
  const one = await open();
  await install('two');
  expect(await late(one)).toBe('one');
  expect(await late(await open())).toBe('two');
  expect(await late(one)).toBe('one');
});

test('a second start uses the existing copy', async () => {
  await install('one');
  const copy = await open();
  const mark = new Date(1_000);
  await utimes(path.join(copy, 'python', 'late.py'), mark, mark);
  expect(await open()).toBe(copy);
  expect((await nodeFiles.stat(path.join(copy, 'python', 'late.py')))?.modifiedMs).toBe(1_000);
});

test.each([
  ['a changed file', (copy: string) => writeFile(path.join(copy, 'python', 'late.py'), 'changed')],
  ['an added module', (copy: string) => writeFile(path.join(copy, 'python', 'torch.py'), '')],
  ['a missing file', (copy: string) => rm(path.join(copy, 'resources', 'demo', 'weights'))],
])('%s has the copy made again', async (_name, damage) => {
  await install('one');
  const copy = await open();
  await damage(copy);
  expect(await open()).toBe(copy);
  expect(await late(copy)).toBe('one');
  expect((await readdir(path.join(copy, 'python'))).sort()).toEqual(['late.py']);
  expect(await readFile(path.join(copy, 'resources', 'demo', 'weights'), 'utf8')).toBe('one');
});

test('a mixture of two versions is rejected: an installation was interrupted', async () => {
  await install('two');
  await writeFile(path.join(installed, 'python', 'late.py'), 'one');
  await expect(open()).rejects.toMatchObject({ error: { code: 'PACKAGE_DAMAGED' } });
});

test('the previous version stays in case it still runs; older ones are removed', async () => {
  for (const version of ['one', 'two', 'three']) {
    await install(version);
    const copy = await open();
    const made = new Date(['one', 'two', 'three'].indexOf(version) * 1_000);
    await utimes(copy, made, made);
  }
  const kept = await Promise.all((await readdir(versions)).map((name) => late(path.join(versions, name))));
  expect(kept.sort()).toEqual(['three', 'two']);
});
