import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { metadata, mp4, words } from '../../../test/fakes/mp4';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { SILENT_LOG } from '../ports/log';
import { createLibrary, type Library, type VideoFile } from './library';

let root = '';
let folder = '';
let library: Library;
let pushed: (readonly VideoFile[])[] = [];
let read: string[] = [];
let drawn: string[] = [];
let announced: string[] = [];
let errors: string[] = [];
let canList = true;
let onScanned: (videos: readonly VideoFile[]) => void = () => undefined;

const video = async (name: string, comment = JSON.stringify(metadata()), seconds = 1_000): Promise<string> => {
  const file = path.join(folder, name);
  await writeFile(file, mp4(comment));
  await utimes(file, seconds, seconds);
  return file;
};
const names = (): string[] => library.get().map(({ fileName }) => fileName);

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'splitreel-library-'));
  folder = path.join(root, 'videos');
  await mkdir(folder);
  pushed = [];
  read = [];
  drawn = [];
  announced = [];
  errors = [];
  canList = true;
  onScanned = () => undefined;
  library = createLibrary(
    {
      files: {
        ...nodeFiles,
        list: (path) => (canList ? nodeFiles.list(path) : Promise.reject(new Error('EIO'))),
        readRange: (file, start, length) => {
          read.push(path.basename(file));
          return nodeFiles.readRange(file, start, length);
        },
      },
      clock: nodeClock,
      log: { ...SILENT_LOG, error: (message) => void errors.push(message) },
      folder: () => folder,
      thumbnailsFolder: path.join(root, 'thumbnails'),
      makeThumbnail: (url) => {
        drawn.push(url);
        return Promise.resolve(new Uint8Array([1]));
      },
    },
    {
      onRead: ({ fileName }) => announced.push(fileName),
      onScanned: (videos) => onScanned(videos),
      onVideos: (videos) => pushed.push(videos),
    },
  );
});
afterEach(async () => {
  library.stop();
  await rm(root, { recursive: true, force: true });
});

test("Splitreel's videos are found, newest first, and nothing else in the folder", async () => {
  await video('old.mp4', undefined, 1_000);
  await video('new.MP4', undefined, 2_000);
  await video('foreign.mp4', 'made elsewhere');
  await writeFile(path.join(folder, 'broken.mp4'), 'nonsense');
  await video('.half.mp4');
  await mkdir(path.join(folder, 'folder.mp4'));
  await library.scan();
  expect(names()).toEqual(['new.MP4', 'old.mp4']);
  expect(library.get()[0]).toMatchObject({ frameRate: 8, durationMs: 2_125 });
});

test.each([
  ['15 MB of versions', metadata({ versions: { torch: 'x'.repeat(15_000_000) } })],
  ['a hundred versions', metadata({ versions: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i, '1'])) })],
  ['a long version', metadata({ versions: { torch: 'x'.repeat(300) } })],
  [
    '65 stages',
    metadata({
      report: {
        totalMs: 1,
        msPerStep: 1,
        weightBytesRead: 0,
        stages: Array.from({ length: 65 }, () => ({ stage: 'denoising' as const, durationMs: 1 })),
        peaks: [],
      },
    }),
  ],
  [
    '20,000 stages',
    metadata({
      report: {
        totalMs: 1,
        msPerStep: 1,
        weightBytesRead: 0,
        stages: Array.from({ length: 20_000 }, () => ({ stage: 'denoising' as const, durationMs: 1 })),
        peaks: [],
      },
    }),
  ],
])('a file with %s is left out', async (_name, value) => {
  await video('big.mp4', JSON.stringify(value));
  await library.scan();
  expect(library.get()).toEqual([]);
});

test('a comment is limited only by its length, whatever it contains', async () => {
  await video('padded.mp4', JSON.stringify(metadata()) + ' '.repeat(300_000));
  await video('plain.mp4');
  await library.scan();
  expect(names()).toEqual(['plain.mp4']);
});

test('only a new video is read, and the others stay the same objects', async () => {
  await video('a.mp4', undefined, 1_000);
  await library.scan();
  const before = library.get()[0];
  [read, announced] = [[], []];
  const file = await video('b.mp4', undefined, 2_000);
  const [id] = await library.add([file]);
  expect(new Set(read)).toEqual(new Set(['b.mp4']));
  expect(announced).toEqual(['b.mp4']);
  expect(library.get()[0]?.id).toBe(id);
  expect(library.get()[1]).toBe(before);
});

test('main handles other events between the steps of a scan, and a video hidden by one stays hidden', async () => {
  await video('a.mp4', undefined, 1_000);
  await video('b.mp4', undefined, 2_000);
  const publishedBefore: number[] = [];
  onScanned = (videos) =>
    setImmediate(() => {
      publishedBefore.push(pushed.length);
      library.hide([videos[0]!.id]);
    });
  await library.scan();
  expect(publishedBefore).toEqual([0]);
  expect(pushed.map((videos) => videos.map(({ fileName }) => fileName))).toEqual([['a.mp4'], ['a.mp4']]);
});

test('a scan makes no thumbnails; requesting one makes it', async () => {
  for (let index = 0; index < 20; index += 1) await video(`${String(index)}.mp4`);
  await library.scan();
  expect(pushed).toHaveLength(1);
  expect(drawn).toEqual([]);
  const { id } = library.get()[3]!;
  const located = await library.locateThumbnail(id);
  expect(located?.file).toBe(path.join(root, 'thumbnails', `${id}.jpg`));
  expect(drawn).toHaveLength(1);
  expect(pushed).toHaveLength(1);
});

test('a file added or removed outside the app is noticed', async () => {
  const file = await video('a.mp4');
  await library.scan();
  await video('b.mp4', undefined, 2_000);
  await expect.poll(names).toEqual(['b.mp4', 'a.mp4']);
  await rm(file);
  await expect.poll(names).toEqual(['b.mp4']);
});

test('a folder that is replaced by another one is followed', async () => {
  await video('a.mp4');
  await library.scan();
  await rename(folder, path.join(root, 'old'));
  await mkdir(folder);
  await expect.poll(names).toEqual([]);
  await video('b.mp4');
  await expect.poll(names).toEqual(['b.mp4']);
});

test('a link to a file elsewhere is left out, and one inside the folder is not mistaken for its target', async () => {
  const target = await video('a.mp4');
  await rename(target, path.join(root, 'elsewhere.mp4'));
  await symlink(path.join(root, 'elsewhere.mp4'), path.join(folder, 'out.mp4'));
  await video('b.mp4');
  await symlink('b.mp4', path.join(folder, 'link.mp4'));
  await library.scan();
  expect(names().sort()).toEqual(['b.mp4', 'link.mp4']);
  expect(announced.sort()).toEqual(['b.mp4', 'link.mp4']);
  const { id } = library.get().find(({ fileName }) => fileName === 'link.mp4')!;
  expect(await library.fileOf(id)).toBe(path.join(folder, 'link.mp4'));
});

test('a file added next to a video is found although the folder is a link', async () => {
  const real = path.join(root, 'real');
  await rename(folder, real);
  await symlink(real, folder);
  await video('a.mp4');
  await library.scan();
  const beside = path.dirname(await library.fileOf(library.get()[0]!.id));
  await writeFile(path.join(beside, 'b.mp4'), mp4(JSON.stringify(metadata())));
  expect(await library.add([path.join(beside, 'b.mp4')])).toHaveLength(1);
});

test('a file that is being copied appears once it is complete', async () => {
  const whole = Buffer.concat([mp4(JSON.stringify(metadata())), words(16), Buffer.from('mdat'), Buffer.alloc(8)]);
  const file = path.join(folder, 'copied.mp4');
  await writeFile(file, whole.subarray(0, -1));
  await library.scan();
  expect(names()).toEqual([]);
  await writeFile(file, whole);
  await expect.poll(names).toEqual(['copied.mp4']);
});

test('a file renamed outside the app keeps its position under its new name', async () => {
  const file = await video('a.mp4');
  await library.scan();
  await rename(file, path.join(folder, 'b.mp4'));
  await expect.poll(names).toEqual(['b.mp4']);
});

test('a video whose file disappeared unnoticed is reported and removed from the list', async () => {
  const file = await video('a.mp4');
  await library.scan();
  library.stop();
  const { id } = library.get()[0]!;
  await rm(file);
  await expect(library.fileOf(id)).rejects.toMatchObject({ error: { code: 'VIDEO_NOT_FOUND' } });
  await library.scan();
  expect(library.get()).toEqual([]);
});

test('a folder that cannot be read in the background is a line in the log', async () => {
  await video('a.mp4');
  await library.scan();
  canList = false;
  library.rescan();
  await expect.poll(() => errors).toEqual(['the videos could not be read']);
  expect(names()).toEqual(['a.mp4']);
});
