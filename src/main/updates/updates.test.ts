/** Announcements from a local server: signed, unsigned, old, broken, endless, or none at all. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execaSync } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Updates } from '../../shared/updates';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { createWeb } from '../adapters/node/web';
import { isSigned, parsePublicKey } from './minisign';
import { openUpdates, type UpdatesService } from './updates';

const KEY_ID = Buffer.from('0123456789abcdef', 'hex');

function keyPair(): { readonly text: string; readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const line = Buffer.concat([Buffer.from('Ed'), KEY_ID, raw]).toString('base64');
  return { text: `untrusted comment: minisign public key\n${line}\n`, privateKey };
}

/** What `minisign -S -l` writes. */
function signature(content: string, privateKey: KeyObject, comment = 'timestamp:1'): string {
  const made = sign(null, Buffer.from(content), privateKey);
  const global = sign(null, Buffer.concat([made, Buffer.from(comment)]), privateKey);
  const line = Buffer.concat([Buffer.from('Ed'), KEY_ID, made]).toString('base64');
  return `untrusted comment: signature\n${line}\ntrusted comment: ${comment}\n${global.toString('base64')}\n`;
}

const OURS = keyPair();
const KEY = parsePublicKey(OURS.text);
let folder = '';
let certificate = '';
let server: Server;
let feed = '';
/** The server's responses; null: it never responds. */
let answers: Record<string, string | null> = {};
/** Where requests for a path are sent. */
let redirects: Record<string, string> = {};
/** True: the connection ends within each response. */
let cutOff = false;
let seen: Updates[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'splitreel-updates-'));
  const [keyFile, certificateFile] = ['key.pem', 'certificate.pem'].map((name) => path.join(folder, name));
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execaSync('openssl', [...request, ...subject, '-keyout', keyFile ?? '', '-out', certificateFile ?? '']);
  certificate = readFileSync(certificateFile ?? '', 'utf8');
  server = createServer({ key: readFileSync(keyFile ?? ''), cert: certificate }, (request, response) => {
    const url = request.url ?? '';
    const redirect = redirects[url];
    if (redirect !== undefined) {
      response.writeHead(302, { Location: redirect }).end();
      return;
    }
    const body = answers[url];
    if (body === null) return;
    if (cutOff) {
      response.writeHead(200, { 'Content-Length': 1_000 }).write('{', () => response.destroy());
      return;
    }
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  feed = `https://localhost:${String((server.address() as AddressInfo).port)}/latest.json`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  seen = [];
  answers = {};
  redirects = {};
  cutOff = false;
  rmSync(path.join(folder, 'updates.json'), { force: true });
});

const announcement = (changes: object = {}): string =>
  JSON.stringify({ version: '0.2.0', serial: 5, notes: 'Faster.', page: 'https://example.org/download', ...changes });

function serve(content: string, sign = signature(content, OURS.privateKey)): void {
  answers = { '/latest.json': content, '/latest.json.minisig': sign };
}

const open = (changes: { key?: null; isOn?: boolean; timeoutMs?: number } = {}): Promise<UpdatesService> =>
  openUpdates(
    { files: nodeFiles, clock: nodeClock, web: createWeb(certificate) },
    {
      file: path.join(folder, 'updates.json'),
      key: changes.key === null ? null : KEY,
      version: '0.1.0',
      settings: () => ({ isUpdateCheckOn: changes.isOn ?? true, feed }),
      onChange: (updates) => seen.push(updates),
      timeoutMs: changes.timeoutMs ?? 30_000,
    },
  );

async function outcome(timeoutMs?: number): Promise<Updates['check']> {
  await (await open(timeoutMs === undefined ? {} : { timeoutMs })).check();
  const last = seen.at(-1)?.check;
  if (last === undefined) throw new Error('nothing was shown');
  return last;
}

const failure = (code: string) => ({ status: 'failed', error: { code } });

test('a signed announcement of a newer version is shown, with its page', async () => {
  serve(announcement());
  const updates = await open();
  await updates.check();
  expect(seen.at(-1)?.check).toMatchObject({ status: 'available', version: '0.2.0', notes: 'Faster.' });
  expect(updates.page()).toBe('https://example.org/download');
});

test.each(['0.1.0', '0.0.9'])('version %s is no update', async (version) => {
  serve(announcement({ version }));
  expect(await outcome()).toMatchObject({ status: 'newest' });
});

test.each([
  ['by another key', () => signature(announcement(), keyPair().privateKey)],
  ['of another text', () => signature(announcement({ version: '0.3.0' }), OURS.privateKey)],
  ['with a changed comment', () => signature(announcement(), OURS.privateKey).replace('timestamp:1', 'timestamp:2')],
  ['that is empty', () => ''],
  ['that is junk', () => 'one\ntwo\nthree\nfour'],
])('an announcement with a signature %s is ignored', async (_name, made) => {
  serve(announcement(), made());
  expect(await outcome()).toMatchObject(failure('UPDATE_NOT_SIGNED'));
});

test('an announcement older than one seen before is a replay, also after a restart', async () => {
  serve(announcement({ serial: 9 }));
  expect(await outcome()).toMatchObject({ status: 'available' });
  serve(announcement({ serial: 8, version: '0.3.0' }));
  expect(await outcome()).toMatchObject(failure('UPDATE_FEED_OLD'));
});

test.each([
  ['no JSON', 'not json'],
  ['another shape', '{"version": 2}'],
  ['a page that is not https', announcement({ page: 'file:///etc/passwd' })],
  ['an invalid version', announcement({ version: '0.2.0; rm' })],
])('%s is refused even where it is signed', async (_name, content) => {
  serve(content);
  expect(await outcome()).toMatchObject(failure('UPDATE_FEED_INVALID'));
});

test('redirects are followed, as to the newest release on GitHub', async () => {
  serve(announcement());
  const [content, minisig] = Object.keys(answers);
  answers = {
    '/0.2.0/latest.json': answers[content ?? ''] ?? '',
    '/0.2.0/latest.json.minisig': answers[minisig ?? ''] ?? '',
  };
  redirects = {
    '/latest.json': '/0.2.0/latest.json',
    '/latest.json.minisig': feed.replace('/latest.json', '/0.2.0/latest.json.minisig'),
  };
  expect(await outcome()).toMatchObject({ status: 'available', version: '0.2.0' });
});

test.each([
  ['to http', 'http://localhost/latest.json'],
  ['in a circle', '/latest.json'],
  ['to nowhere', 'https://'],
])('a redirect %s is refused', async (_name, target) => {
  serve(announcement());
  redirects = { '/latest.json': target };
  expect(await outcome()).toMatchObject(failure('UPDATE_FEED_INVALID'));
});

test('a connection that ends within a response is reported', async () => {
  serve(announcement());
  cutOff = true;
  expect(await outcome()).toMatchObject(failure('UPDATE_FEED_UNREACHABLE'));
});

test('a response that is too long is cut off', async () => {
  serve(' '.repeat(1_000_000));
  expect(await outcome()).toMatchObject(failure('UPDATE_FEED_INVALID'));
});

test('a missing response, a missing file and an unknown certificate are reported', async () => {
  answers = { '/latest.json': null, '/latest.json.minisig': null };
  expect(await outcome(500)).toMatchObject(failure('UPDATE_FEED_UNREACHABLE'));
  answers = {};
  expect(await outcome()).toMatchObject(failure('UPDATE_FEED_INVALID'));
  await expect(createWeb().get(feed, { maxBytes: 1, timeoutMs: 30_000 })).rejects.toMatchObject({
    kind: 'unreachable',
  });
});

test('no request is sent while checks are off, or without a key', async () => {
  let requests = 0;
  server.on('request', () => {
    requests += 1;
  });
  (await open({ isOn: false })).configure();
  const keyless = await open({ key: null });
  keyless.configure();
  await expect(keyless.check()).rejects.toMatchObject({ error: { code: 'UPDATE_KEY_MISSING' } });
  expect(requests).toBe(0);
  expect(seen.map(({ check }) => check.status)).toEqual(['idle', 'idle', 'idle', 'idle']);
});

test('signatures made by minisign, prehashed or not, are checked; an invalid key is rejected', () => {
  const key = parsePublicKey(
    [
      'untrusted comment: minisign public key 636A1D8FBF5BEF04',
      'RWQE71u/jx1qY2Y2QqJ5dE1spT0BiQS9m5mpkLkUo9I6iuEFa03ikC9u',
    ].join('\n'),
  );
  const made = [
    'untrusted comment: signature from minisign secret key',
    'RWQE71u/jx1qY+vtycfZ8oMsqXh1IOHd6y7zHUKkvOvdSiYCaJs6lKAN1mpKLlPyBPL3Nt+TwzDaKIu3V4DxmSvNNnG3nLKSTg0=',
    'trusted comment: for a test',
    'ExDaki8dsDM2MMDRKjicHWnyFYPmao1sutsfTjz/fvKCg+q1oui+rX3nHAEXSmEcZe01MdWah4HewBc04sGaBA==',
  ].join('\n');
  const prehashed = [
    'untrusted comment: signature from minisign secret key',
    'RUQE71u/jx1qYx4TcFocOnN3VzDEL0Ytec0Z5TJaNlUd/9V5pqBvsdkInxrT5Oeh7SgL/uxWOQax3X9mgRePFmwpja/1+sUr+wc=',
    'trusted comment: for a test',
    'hoh3XG0kmsjefFXTs4DKqvFuVQCVxeSjcpnAR3NmWGfg0ZlptHQg4ChCXp/vyrJ51i/0VRIUfUM4McWcCVA0Dw==',
  ].join('\n');
  if (key === null) throw new Error('no key');
  expect(isSigned(Buffer.from('Splitreel'), made, key)).toBe(true);
  expect(isSigned(Buffer.from('Splitreal'), made, key)).toBe(false);
  expect(isSigned(Buffer.from('Splitreel'), prehashed, key)).toBe(true);
  expect(isSigned(Buffer.from('Splitreal'), prehashed, key)).toBe(false);
  expect(isSigned(Buffer.from('Splitreel'), prehashed.replace('RUQE', 'RWQE'), key)).toBe(false);
  expect(isSigned(Buffer.from('Splitreel'), prehashed.replace('for a test', 'for another'), key)).toBe(false);
  expect(parsePublicKey('untrusted comment: x\nRWQ=')).toBeNull();
});
