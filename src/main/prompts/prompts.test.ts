import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { request } from '../../../test/fakes/request';
import { SplitreelError } from '../../shared/errors';
import type { Slices } from '../../shared/ipc';
import { presetSettings } from '../../shared/presets';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { openPrompts } from './prompts';

let folder = '';
let history: Slices['promptHistory'] = [];
let presets: Slices['presets'] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = () =>
  openPrompts(
    { files: nodeFiles, clock: nodeClock },
    {
      file: path.join(folder, 'prompts.json'),
      onHistory: (value) => {
        history = value;
      },
      onPresets: (value) => {
        presets = value;
      },
    },
  );
const texts = (): readonly string[] => history.map(({ prompt }) => prompt);
const preset = (name: string) => ({ name, settings: presetSettings(request()) });
const codeOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => null,
    (error: unknown) => (error instanceof SplitreelError ? error.error.code : error),
  );
const fileWith = async (content: string | Uint8Array): Promise<string> => {
  const file = path.join(folder, 'given');
  await writeFile(file, content);
  return file;
};

test('a reused prompt moves to the top, without a duplicate; one or all can be removed; the rest survives a restart', async () => {
  const prompts = await open();
  for (const prompt of ['a', 'b', 'a', 'c']) await prompts.remember({ prompt, isList: false });
  expect(texts()).toEqual(['c', 'a', 'b']);
  await prompts.forget('a');
  history = [];
  await open();
  expect(texts()).toEqual(['c', 'b']);
  await prompts.forget(null);
  expect(texts()).toEqual([]);
});

test('presets can be imported from the file they were exported to', async () => {
  const prompts = await open();
  await prompts.savePreset(preset('large'));
  await prompts.savePreset(preset('draft'));
  const file = path.join(folder, 'exported.json');
  await prompts.exportPresets(file);
  await prompts.removePreset('draft');
  expect(await prompts.importPresets(file)).toBe(1);
  expect(presets.map(({ name }) => name)).toEqual(['draft', 'large']);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ splitreelPresets: 1 });
});

test.each([
  ['no JSON', 'hello'],
  ['JSON of something else', '{"presets": 7}'],
  ['five megabytes around good JSON', `{"splitreelPresets": 1, "presets": []}${' '.repeat(5_000_000)}`],
  ['a preset whose size is text', '{"splitreelPresets": 1, "presets": [{"name": "a", "settings": {"width": "big"}}]}'],
])('a file with %s is refused, and nothing changes', async (_what, content) => {
  const prompts = await open();
  await prompts.savePreset(preset('mine'));
  expect(await codeOf(prompts.importPresets(await fileWith(content)))).toBe('PRESETS_UNREADABLE');
  expect(presets.map(({ name }) => name)).toEqual(['mine']);
});

test('a list of prompts is plain text, with or without a byte order mark', async () => {
  const prompts = await open();
  expect(await prompts.readList(await fileWith('\ufeffa dog\r\na cat\n'))).toBe('a dog\r\na cat');
  expect(await codeOf(prompts.readList(await fileWith(Uint8Array.of(0x89, 0x50, 0, 0xff))))).toBe('PROMPTS_UNREADABLE');
  expect(await codeOf(prompts.readList(path.join(folder, 'missing')))).toBe('PROMPTS_UNREADABLE');
});
