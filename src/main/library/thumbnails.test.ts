import { beforeEach, expect, test } from 'vitest';
import { SILENT_LOG } from '../ports/log';
import { createThumbnails } from './thumbnails';

const JPEG = new Uint8Array([1]);
let written: string[] = [];
let made: string[] = [];
let finish: (jpeg: Uint8Array | null) => void = () => undefined;

const thumbnails = () =>
  createThumbnails({
    files: {
      stat: (file) => Promise.resolve(written.includes(file) ? { kind: 'file', sizeBytes: 1, modifiedMs: 0 } : null),
      writeAtomically: (file) => Promise.resolve(void written.push(file)),
    },
    log: SILENT_LOG,
    folder: '/thumbnails',
    makeThumbnail: (url) => {
      made.push(url);
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
  });
/** Lets what was resolved so far go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  written = [];
  made = [];
});

test('a thumbnail is made once, when it is requested', async () => {
  const { get } = thumbnails();
  const first = get('a', 'url-a');
  await settle();
  finish(JPEG);
  expect(await first).toBe('/thumbnails/a.jpg');
  expect(await get('a', 'url-a')).toBe('/thumbnails/a.jpg');
  expect(made).toEqual(['url-a']);
});

test('the newest request comes first, because it is for a visible video', async () => {
  const { get } = thumbnails();
  const all = ['a', 'b', 'c'].map((id) => get(id, `url-${id}`));
  const finishOne = async (): Promise<void> => {
    await settle();
    finish(JPEG);
  };
  await finishOne();
  await finishOne();
  await finishOne();
  await Promise.all(all);
  expect(made).toEqual(['url-a', 'url-c', 'url-b']);
});

test('of many requests the newest comes first, and a withdrawn one never', async () => {
  const { get } = thumbnails();
  const withdrawn = new AbortController();
  const first = get('a', 'url-a');
  await settle();
  const second = get('b', 'url-b', withdrawn.signal);
  const third = get('c', 'url-c');
  await settle();
  withdrawn.abort();
  finish(JPEG);
  await first;
  await settle();
  expect(made).toEqual(['url-a', 'url-c']);
  finish(JPEG);
  expect(await third).toBe('/thumbnails/c.jpg');
  expect(await second).toBeNull();
  expect(made).toEqual(['url-a', 'url-c']);
});

test('a video without a frame is tried only once', async () => {
  const { get } = thumbnails();
  const first = get('a', 'url-a');
  await settle();
  finish(null);
  expect(await first).toBeNull();
  expect(await get('a', 'url-a')).toBeNull();
  expect(made).toHaveLength(1);
});
