import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkManifest, type RawFiles } from './manifest';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function filesOf(contents: Readonly<Record<string, string>>): RawFiles {
  const read = (file: string): string => {
    const text = contents[file.replace('/app/', '')];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  };
  return {
    readText: (file) => Promise.resolve(read(file)),
    // eslint-disable-next-line @typescript-eslint/require-await -- an async generator over an array
    async *readBytes(file) {
      yield Buffer.from(read(file));
    },
    list: () => Promise.resolve(Object.keys(contents)),
  };
}

const PACKAGED = { 'app.asar': 'the app', 'python/splitreel/cli.py': 'print()' };
const manifest = JSON.stringify({
  files: Object.fromEntries(Object.entries(PACKAGED).map(([name, text]) => [name, sha256(text)])),
});

test.each([
  ['the packaged files', {}, null],
  ['a flipped byte', { 'app.asar': 'the apP' }, { file: 'app.asar', kind: 'changed' }],
  ['a module that was not packaged', { 'python/torch.py': '' }, { file: 'python/torch.py', kind: 'added' }],
  ['bytecode next to its source', { 'python/splitreel/__pycache__/cli.cpython-311.pyc': 'x' }, null],
  ['no manifest', { 'manifest.json': undefined }, { file: 'manifest.json', kind: 'missing' }],
  ['a manifest that is not JSON', { 'manifest.json': '{' }, { file: 'manifest.json', kind: 'missing' }],
  ['a missing file', { 'python/splitreel/cli.py': undefined }, { file: 'python/splitreel/cli.py', kind: 'missing' }],
] as const)('finds %s', async (_name, change, fault) => {
  const all: Record<string, string | undefined> = { ...PACKAGED, 'manifest.json': manifest, ...change };
  const contents = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  expect(await checkManifest(filesOf(contents), '/app')).toEqual(fault);
});
