/** Data of every version that was recorded opens in this one, and data of a later version is left alone. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../../src/cli/paths';
import { recordFile } from '../../src/main/models/record';
import { DATA_FORMAT } from '../../src/main/state/data-format';
import { EXPECTED, filesIn, HERE, RECORDED, restore, see } from './data-folder';

const VERSIONS = await readdir(RECORDED);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-upgrade-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Every file below the folder, with its bytes. */
async function contents(below: string): Promise<Readonly<Record<string, string>>> {
  const files = await filesIn(below);
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(file, 'latin1')] as const)),
  );
}

test('the version in package.json is recorded', async () => {
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(VERSIONS).toContain(version);
});

test.each(VERSIONS)('the data of %s opens with all that was in it', async (version) => {
  const here = path.join(folder, 'here');
  await restore(version, here);
  const expected = await readFile(path.join(RECORDED, version, EXPECTED), 'utf8');
  expect(await see(here)).toMatchObject(JSON.parse(expected.replaceAll(HERE, here)) as object);
});

test.each(VERSIONS)('a folder of %s keeps its videos and models to the byte', async (version) => {
  const here = path.join(folder, 'here');
  await restore(version, here);
  const kept = ['my videos', path.join('data', 'models'), path.join('data', 'verified')].map((name) =>
    path.join(here, name),
  );
  const before = await Promise.all(kept.map(contents));
  await see(here);
  expect(await Promise.all(kept.map(contents))).toEqual(before);
});

/** What it says of the model's files, tests/store/test_record_check.py reads. */
test.each(VERSIONS)('the record of what %s verified is found where this version looks for it', async (version) => {
  const data = path.join(RECORDED, version, 'data');
  const file = recordFile(path.join(data, 'models', 'my-model'), 'models', path.join(data, 'verified'));
  expect(await readdir(path.join(data, 'verified'))).toEqual([path.basename(file)]);
});

test.each([['environment', 'status'], ['environment', 'install'], ['doctor'], ['generate', '--help']])(
  '%s refuses data of a newer version in one sentence and changes no byte of it',
  async (...args) => {
    await mkdir(path.join(folder, 'data', 'environment'), { recursive: true });
    await writeFile(path.join(folder, 'data', 'format.json'), JSON.stringify({ format: DATA_FORMAT + 1, more: true }));
    await writeFile(path.join(folder, 'data', 'settings.json'), '{"version": 2}');
    await writeFile(path.join(folder, 'data', 'environment', 'current'), '["another shape"]');
    const before = await contents(folder);
    const outcome = await execa('npx', ['tsx', path.join(ROOT, 'src', 'cli', 'main.ts'), ...args], {
      cwd: ROOT,
      reject: false,
      env: { SPLITREEL_DATA: path.join(folder, 'data'), SPLITREEL_CACHE: path.join(folder, 'data') },
    });
    expect(outcome.exitCode).toBe(3);
    expect(outcome.stderr).toBe(
      `The data in ${path.join(folder, 'data')} belongs to a newer version of Splitreel. ` +
        'Install that version or a newer one. Nothing in the folder was changed.',
    );
    expect(await contents(folder)).toEqual(before);
  },
);
