import { beforeEach, expect, test } from 'vitest';
import { calls } from '../../shared/ipc';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings';
import { settingsCalls } from './calls';
import { applyPatch } from './settings';

let settings: Settings;
let agrees = false;
let questions: string[] = [];

const update = (patch: Parameters<typeof applyPatch>[1]): Promise<void> => {
  settings = applyPatch(settings, patch);
  return Promise.resolve();
};
const handlers = settingsCalls({
  desktop: {
    chooseFolder: () => Promise.resolve(agrees ? '/chosen' : null),
    confirm: ({ message }) => {
      questions.push(message);
      return Promise.resolve(agrees);
    },
  },
  files: { canWrite: () => Promise.resolve(true) },
  settings: { get: () => settings, update, updateGuarded: update },
});

beforeEach(() => {
  settings = { ...DEFAULT_SETTINGS, hubMirror: 'https://one.example' };
  agrees = false;
  questions = [];
});

test.each([
  { hubMirror: 'https://evil.example' },
  { sendTokenToMirror: true },
  { videosFolder: '/etc' },
  { updateFeed: 'https://evil.example' },
  { modelsFolder: '/etc' },
  { rewriter: { kind: 'command', command: 'rm', address: '', model: '' } },
])('the page cannot set %j by itself', (patch) => {
  expect(calls.updateSettings.input.safeParse(patch).success).toBe(false);
});

test('a mirror, its token and a folder change only when the user confirms it in a native dialog', async () => {
  expect(await handlers.setMirror({ address: 'https://two.example' })).toBe(false);
  expect(await handlers.setSendTokenToMirror({ isOn: true })).toBe(false);
  expect(await handlers.setUpdateFeed({ address: 'https://feed.example' })).toBe(false);
  expect(await handlers.chooseVideosFolder(undefined)).toBeNull();
  expect(settings).toEqual({ ...DEFAULT_SETTINGS, hubMirror: 'https://one.example' });
  expect(questions).toHaveLength(3);
  agrees = true;
  await handlers.setMirror({ address: 'https://two.example' });
  await handlers.setSendTokenToMirror({ isOn: true });
  await handlers.chooseVideosFolder(undefined);
  expect(settings).toMatchObject({
    hubMirror: 'https://two.example',
    sendTokenToMirror: true,
    videosFolder: '/chosen',
  });
});

test('another mirror does not inherit the token, and returning to huggingface.co needs no confirmation', async () => {
  agrees = true;
  await handlers.setSendTokenToMirror({ isOn: true });
  await handlers.setMirror({ address: 'https://two.example' });
  expect(settings.sendTokenToMirror).toBe(false);
  questions = [];
  await handlers.setMirror({ address: null });
  expect(settings.hubMirror).toBeNull();
  expect(questions).toEqual([]);
});

test.each(['ftp://x.example', 'https://jo:pw@x.example', 'javascript:alert(1)', 'https://x.example?a=1'])(
  '%s is not a valid mirror',
  (address) => {
    expect(calls.setMirror.input.safeParse({ address }).success).toBe(false);
  },
);
