import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NO_DESKTOP } from '../../../test/fakes/services';
import { nodeFiles } from '../adapters/node/files';
import { libraryCalls, type LibraryCallPorts } from './calls';
import type { ExportJob } from './exports';

const REQUEST = { format: 'gif', fps: null, scale: 1, frame: null } as const;
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
      fileOf: (id: string) => Promise.resolve(`/videos/${id}/fox.mp4`),
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
});

test('without a folder nothing is exported', async () => {
  expect(await calls(null).exportVideos({ videoIds: ['a'], request: REQUEST })).toBeNull();
  expect(exported).toEqual([]);
});

test('a drag includes the files of all its videos', async () => {
  await calls(null).dragVideos({ videoIds: ['a', 'b'] });
  expect(dragged).toEqual(['/videos/a/fox.mp4', '/videos/b/fox.mp4']);
});
