import { describe, expect, test } from 'vitest';
import { appError, SplitreelError } from '../../shared/errors';
import { calls } from '../../shared/ipc';
import { windowUrl } from '../../shared/urls';
import { SILENT_LOG } from '../ports/log';
import type { CallHandlers } from './calls';
import { createRouter, isTrustedSender, type Sender } from './router';

const WINDOW: Sender = { webContentsId: 1, frame: { url: windowUrl('en'), isMainFrame: true } };
const done: string[] = [];
// Every call returns the test's `answer`.
let answer: () => Promise<unknown> = () => Promise.resolve(undefined);
const handlers = Object.fromEntries(
  Object.keys(calls).map((name) => [
    name,
    () => {
      done.push(name);
      return answer();
    },
  ]),
) as unknown as CallHandlers;
const router = createRouter({ handlers, windowId: () => 1, log: SILENT_LOG });

describe('senders', () => {
  const frame = (url: string, isMainFrame = true): Sender => ({ webContentsId: 1, frame: { url, isMainFrame } });
  test('our window is trusted', () => {
    expect(isTrustedSender(WINDOW, 1)).toBe(true);
  });
  test.each<[string, Sender, number | null]>([
    ['another window', { ...WINDOW, webContentsId: 2 }, 1],
    ['no window', WINDOW, null],
    ['a frame that is gone', { webContentsId: 1, frame: null }, 1],
    ['an iframe of ours', frame(windowUrl('en'), false), 1],
    ['https', frame('https://splitreel/index.html'), 1],
    ['another host', frame('app://splitreel.evil/index.html'), 1],
    ['a host inside ours', frame('app://evil.splitreel/index.html'), 1],
    ['a user before the host', frame('app://splitreel@evil/index.html'), 1],
    ['a port', frame('app://splitreel:1/index.html'), 1],
    ['a file', frame('file:///index.html'), 1],
    ['about:blank', frame('about:blank'), 1],
    ['no address', frame(''), 1],
  ])('%s is refused', async (_name, sender, windowId) => {
    expect(isTrustedSender(sender, windowId)).toBe(false);
    done.length = 0;
    const result = await createRouter({ handlers, windowId: () => windowId, log: SILENT_LOG })(
      sender,
      'getSnapshot',
      undefined,
    );
    expect(result).toMatchObject({ ok: false, error: { code: 'CALL_REFUSED' } });
    expect(done).toEqual([]);
  });
});

test.each([
  ['a name that is not in the table', 'constructor', undefined],
  ['a prototype name', '__proto__', undefined],
  ['no name', undefined, undefined],
  ['a wrong input', 'openLink', { link: 'file:///etc/passwd' }],
  ['an address for a link', 'openLink', { link: 'https:\\\\@evil' }],
  ['too little', 'cancelJob', {}],
  ['too much text', 'copyText', { text: 'x'.repeat(100_001) }],
])('%s is refused without any effect', async (_name, name, input) => {
  done.length = 0;
  expect(await router(WINDOW, name, input)).toMatchObject({ ok: false, error: { code: 'CALL_REFUSED' } });
  expect(done).toEqual([]);
});

test('a result that violates the contract becomes an error', async () => {
  answer = () => Promise.resolve({ surprise: true });
  expect(await router(WINDOW, 'enqueueJobs', undefined)).toMatchObject({ ok: false });
  expect(await router(WINDOW, 'readLogTail', undefined)).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
});

test('errors cross as data', async () => {
  answer = () => Promise.reject(new SplitreelError(appError('VIDEO_NOT_FOUND')));
  expect(await router(WINDOW, 'readLogTail', undefined)).toMatchObject({
    ok: false,
    error: { code: 'VIDEO_NOT_FOUND' },
  });
  answer = () => Promise.reject(new Error('boom'));
  expect(await router(WINDOW, 'readLogTail', undefined)).toMatchObject({
    ok: false,
    error: { code: 'INTERNAL', details: expect.stringContaining('boom') as unknown },
  });
});

test.each([
  ['ENOSPC', 'DISK_RAN_FULL'],
  ['EDQUOT', 'DISK_RAN_FULL'],
  ['EROFS', 'FOLDER_READ_ONLY'],
  ['EACCES', 'FOLDER_READ_ONLY'],
  ['EIO', 'INTERNAL'],
])('a write that fails with %s names the folder', async (code, expected) => {
  answer = () => Promise.reject(Object.assign(new Error(code), { code, target: '/media/stick/fox.mp4' }));
  const params = expected === 'INTERNAL' ? {} : { folder: '/media/stick' };
  expect(await router(WINDOW, 'readLogTail', undefined)).toMatchObject({ error: { code: expected, params } });
});
