/** When the draft is saved: after a pause, within a time limit, and immediately on leaving the window or a field. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeMain, type FakeMain } from '../../../test/fakes/main-process';
import { request } from '../../../test/fakes/request';
import { cpuDevices } from '../../shared/device';
import { appError } from '../../shared/errors';
import { ONE_RANK } from '../../shared/plan';
import { err, ok } from '../../shared/result';
import { changeDraft, useDraft } from './draft';
import { enqueueJobs } from './job-input';
import { keepDraft } from './keep-draft';
import { useToasts } from './send';

let main: FakeMain;
let stop = (): void => undefined;

beforeEach(() => {
  vi.useFakeTimers();
  main = fakeMain();
  Object.defineProperty(window, 'splitreel', { value: main.api, configurable: true, writable: true });
  stop = keepDraft();
});
afterEach(() => {
  stop();
  useDraft.setState({ draft: null });
  vi.useRealTimers();
});

const type = (prompt: string): void =>
  changeDraft({
    request: request({ prompt }),
    plan: ONE_RANK,
    isPlanAutomatic: true,
    isSeedLocked: false,
    isPromptList: false,
  });
const saved = (): unknown[] =>
  main
    .callsOf('updateSettings')
    .map((patch) => (patch as { draft: { request: { prompt: string } } }).draft.request.prompt);

test('a pause saves the typed text once', () => {
  for (const prompt of ['a', 'a d', 'a dog']) type(prompt);
  expect(saved()).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(saved()).toEqual(['a dog']);
  vi.advanceTimersByTime(10_000);
  expect(saved()).toHaveLength(1);
});

test('typing without a pause is saved every 300 ms', () => {
  for (let letter = 1; letter <= 20; letter += 1) {
    type('a'.repeat(letter));
    vi.advanceTimersByTime(50);
  }
  expect(saved().length).toBeGreaterThanOrEqual(3);
});

test('a full disk is reported once, until a draft can be saved again', async () => {
  let isFull = true;
  const full = err(appError('DISK_RAN_FULL', { folder: '/data' }));
  vi.spyOn(window.splitreel, 'updateSettings').mockImplementation(() => Promise.resolve(isFull ? full : ok(undefined)));
  const typeAndWait = async (prompt: string): Promise<void> => {
    type(prompt);
    await vi.advanceTimersByTimeAsync(100);
  };
  const codes = (): (string | undefined)[] => useToasts.getState().toasts.map(({ error }) => error?.code);
  await typeAndWait('a');
  await typeAndWait('a dog');
  expect(codes()).toEqual(['DISK_RAN_FULL']);
  isFull = false;
  await typeAndWait('a dog runs');
  isFull = true;
  await typeAndWait('a dog runs home');
  expect(codes()).toEqual(['DISK_RAN_FULL', 'DISK_RAN_FULL']);
});

test.each([
  ['a field loses the focus', () => document.dispatchEvent(new Event('focusout'))],
  ['the window is hidden', () => document.dispatchEvent(new Event('visibilitychange'))],
  ['the page goes', () => window.dispatchEvent(new Event('pagehide'))],
])('saves immediately when %s', (_, leave) => {
  type('a dog');
  leave();
  expect(saved()).toEqual(['a dog']);
  leave();
  expect(saved()).toHaveLength(1);
});

test('the draft is saved before its job is sent', () => {
  type('a dog');
  enqueueJobs([{ request: request(), plan: ONE_RANK, devices: [...cpuDevices(1)] }], {
    prompt: 'a dog',
    isList: false,
  });
  const order = main.calls.map(({ name }) => name);
  expect(order.indexOf('updateSettings')).toBeLessThan(order.indexOf('enqueueJobs'));
  expect(saved()).toEqual(['a dog']);
});
