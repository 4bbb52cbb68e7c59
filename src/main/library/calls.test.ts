import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NO_DESKTOP } from '../../../test/fakes/services';
import { nodeFiles } from '../adapters/node/files';
import { libraryCalls, type LibraryCallPorts } from './calls';
import type { ExportJob } from './exports';

const REQUEST = { format: 'gif', fps: null, scale: 1, frame: null } as const;
/** As long as file systems allow. */
const LONG = `/videos/${'x'.repeat(251)}.mp4`;
let folder = '';
let exported: readonly ExportJob[] = [];
let dragged: readonly string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-calls-'));
  exported = [];
  dragged = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Only what these calls need; the rest is never reached. */
const calls = (chosen: string | null) =>
  libraryCalls({
    files: nodeFiles,
    desktop: {
      ...NO_DESKTOP,
      chooseFolder: () => Promise.resolve(chosen),
      startDrag: (files: readonly string[]) => {
        dragged = files;
      },
    },
    library: {
      fileOf: (id: string) => Promise.resolve(id === 'long' ? LONG : `/videos/${id}/fox.mp4`),
      thumbnailOf: () => Promise.resolve(null),
    },
    exports: {
      run: (jobs: readonly ExportJob[]) => {
        exported = jobs;
        return Promise.resolve(jobs.map(({ target }) => target));
      },
    },
    settings: { setLastSaveFolder: () => Promise.resolve() },
    dragIcon: '/icon.png',
  } as unknown as LibraryCallPorts);

test('copies of several videos get unique names and replace nothing', async () => {
  await writeFile(path.join(folder, 'fox.gif'), 'here before');
  const made = await calls(folder).exportVideos({ videoIds: ['a', 'b'], request: REQUEST });
  expect(made).toEqual({ folder, count: 2 });
  expect(exported.map(({ target }) => path.basename(target))).toEqual(['fox (2).gif', 'fox (3).gif']);
  // A long list takes hours, in which another program may take a name.
  expect(exported.map(({ mayReplace }) => mayReplace)).toEqual([false, false]);
});

test('a copy of a video with a very long name can be written', async () => {
  await calls(folder).exportVideos({ videoIds: ['long'], request: { ...REQUEST, format: 'webm' } });
  for (const { target } of exported) await writeFile(target, '');
  expect(exported).toHaveLength(1);
});

test('without a folder nothing is exported', async () => {
  expect(await calls(null).exportVideos({ videoIds: ['a'], request: REQUEST })).toBeNull();
  expect(exported).toEqual([]);
});

test('a drag includes the files of all its videos', async () => {
  await calls(null).dragVideos({ videoIds: ['a', 'b'] });
  expect(dragged).toEqual(['/videos/a/fox.mp4', '/videos/b/fox.mp4']);
});
