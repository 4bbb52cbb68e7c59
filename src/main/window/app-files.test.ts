import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { APP_ORIGIN, firstFrameUrl, previewUrl, thumbnailUrl, videoUrl, windowUrl } from '../../shared/urls';
import { nodeFiles } from '../adapters/node/files';
import { fileInside, isInside, parseAppUrl, parseRange } from './app-files';
import { answerAppRequest, CONTENT_SECURITY_POLICY, type AppProtocolPorts } from './app-protocol';

let root = '';
let ports: AppProtocolPorts;
let chosen = '';

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
  await mkdir(path.join(root, 'window', 'assets'), { recursive: true });
  await mkdir(path.join(root, 'window-evil'));
  await writeFile(path.join(root, 'window', 'index.html'), '<!doctype html>');
  await writeFile(path.join(root, 'window', 'assets', 'a.js'), '1');
  await writeFile(path.join(root, 'window-evil', 'secret'), 'secret');
  await writeFile(path.join(root, 'secret'), 'secret');
  await symlink(path.join(root, 'secret'), path.join(root, 'window', 'link-out'));
  await symlink('/dev/zero', path.join(root, 'window', 'device'));
  await writeFile(
    path.join(root, 'window', 'video.mp4'),
    Buffer.from(Array.from({ length: 1_000 }, (_, i) => i % 256)),
  );
  ports = {
    files: nodeFiles,
    windowFolder: path.join(root, 'window'),
    locateVideo: (id) =>
      id === 'v1' ? { folder: path.join(root, 'window'), file: path.join(root, 'window', 'video.mp4') } : null,
    locateThumbnail: () => Promise.resolve({ folder: path.join(root, 'window'), file: path.join(root, 'secret') }),
    locateFirstFrame: () => ({ folder: root, file: path.join(root, chosen) }),
    locatePreview: (job) => ({ folder: path.join(root, 'window'), file: path.join(root, 'window', job, '0-1.jpg') }),
  };
});
afterAll(() => rm(root, { recursive: true, force: true }));

const get = (url: string, range: string | null = null, method = 'GET') =>
  answerAppRequest(ports, { url, method, range });

test('addresses of the app are parsed', () => {
  expect(parseAppUrl(windowUrl('en'))).toEqual({ kind: 'window', segments: ['index.html'] });
  expect(parseAppUrl(videoUrl('v1'))).toEqual({ kind: 'media', videoId: 'v1' });
  expect(parseAppUrl(thumbnailUrl('v1'))).toEqual({ kind: 'thumbnail', videoId: 'v1' });
  expect(parseAppUrl(previewUrl('j', 0, 12))).toEqual({ kind: 'preview', jobId: 'j', video: 0, step: 12 });
});

describe('nothing outside the app is served', () => {
  test.each([
    `${APP_ORIGIN}/../secret`,
    `${APP_ORIGIN}/assets/../../secret`,
    `${APP_ORIGIN}/%2e%2e/secret`,
    `${APP_ORIGIN}/%2E%2E%2Fsecret`,
    `${APP_ORIGIN}/%252e%252e/secret`,
    `${APP_ORIGIN}/..%5csecret`,
    `${APP_ORIGIN}/..\\secret`,
    `${APP_ORIGIN}/index.html%00.js`,
    `${APP_ORIGIN}/link-out`,
    `${APP_ORIGIN}/device`,
    `${APP_ORIGIN}/assets`,
    `${APP_ORIGIN}/../window-evil/secret`,
    `${APP_ORIGIN}//secret`,
    `${APP_ORIGIN}//server/share/secret`,
    `${APP_ORIGIN}/`,
    `${APP_ORIGIN}/INDEX.HTML/..`,
    `${APP_ORIGIN}.evil/index.html`,
    'app://other/index.html',
    'file:///etc/passwd',
    `${APP_ORIGIN}/media/..%2f..%2fsecret`,
    `${APP_ORIGIN}/media/unknown`,
    `${APP_ORIGIN}/media/v1/more`,
    `${APP_ORIGIN}/thumbnail/v1`,
    `${APP_ORIGIN}/preview/..%2f../0/1`,
    `${APP_ORIGIN}/preview/%2e%2e/0/1`,
    `${APP_ORIGIN}/preview/j/0/1x`,
    `${APP_ORIGIN}/preview/j/0/-1`,
  ])('%s', async (url) => {
    const answer = await get(url);
    expect(answer.status).toBe(404);
    expect(answer.body).toBeNull();
  });

  // Tested separately, because the check of the folder would reject most of these as well.
  test.each(['..', '.', '', '%2e%2e', '..%2fsecret', '..%5csecret', 'a%00.js', '%0d', '%'])(
    'a segment may not be %j',
    (segment) => {
      expect(parseAppUrl(`${APP_ORIGIN}/assets/${segment}/a.js`)).toBeNull();
      expect(parseAppUrl(`${APP_ORIGIN}/media/${segment}`)).toBeNull();
    },
  );

  test('a folder that only shares a name prefix is not inside', () => {
    expect(isInside('/root', '/root-evil/x')).toBe(false);
    expect(isInside('/root', '/root/..x')).toBe(true);
    expect(isInside('/root', '/root')).toBe(false);
  });

  test('a link that stays inside is followed, a link that leads outside is not', async () => {
    const folder = path.join(root, 'window');
    expect(await fileInside(nodeFiles, folder, path.join(folder, 'link-out'))).toBeNull();
    expect((await fileInside(nodeFiles, folder, path.join(folder, 'index.html')))?.info.kind).toBe('file');
  });
});

test('the page has the policy that forbids everything from elsewhere', async () => {
  const answer = await get(windowUrl('en'));
  expect(answer.status).toBe(200);
  expect(answer.headers['content-security-policy']).toBe(CONTENT_SECURITY_POLICY);
  expect(answer.headers['x-dns-prefetch-control']).toBe('off');
  expect(CONTENT_SECURITY_POLICY).toContain("default-src 'none'");
  expect(CONTENT_SECURITY_POLICY).toContain("connect-src 'none'");
  expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|https?:|\*|data:/);
});

test.each([
  [null, 200, 0, 1_000],
  ['bytes=0-99', 206, 0, 100],
  ['bytes=990-', 206, 990, 10],
  ['bytes=-5', 206, 995, 5],
  ['bytes=500-5000', 206, 500, 500],
  ['bytes=0-1,5-6', 200, 0, 1_000],
  ['lines=1-2', 200, 0, 1_000],
])('range %s', async (range, status, start, length) => {
  const answer = await get(videoUrl('v1'), range);
  expect(answer.status).toBe(status);
  const bytes = new Uint8Array(await new Response(answer.body).arrayBuffer());
  expect(bytes.length).toBe(length);
  expect(bytes[0]).toBe(start % 256);
  if (status === 206) expect(answer.headers['content-range']).toBe(`bytes ${start}-${start + length - 1}/1000`);
});

test.each([
  ['photo.JPG', 200],
  ['photo.webp', 200],
  ['secret', 404],
  ['drawing.svg', 404],
  ['page.html', 404],
])('the chosen image %s is answered with %i', async (name, status) => {
  chosen = name;
  await writeFile(path.join(root, name), 'x');
  expect((await get(firstFrameUrl('/whatever'))).status).toBe(status);
  expect((await get(`${APP_ORIGIN}/first-frame/more`)).status).toBe(404);
});

test('a range beyond the end and a method that modifies are rejected', async () => {
  expect((await get(videoUrl('v1'), 'bytes=1000-')).status).toBe(416);
  expect((await get(videoUrl('v1'), 'bytes=-0')).status).toBe(416);
  expect((await get(windowUrl('en'), null, 'POST')).status).toBe(405);
  expect(parseRange('bytes=5-2', 10)).toBe('all');
});
