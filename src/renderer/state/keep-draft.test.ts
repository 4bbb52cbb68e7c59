/** When the draft is saved: after a pause, within a time limit, and immediately on leaving the window or a field. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeMain, type FakeMain } from '../../../test/fakes/main-process';
import { request } from '../../../test/fakes/request';
import { cpuDevices } from '../../shared/device';
import { ONE_RANK } from '../../shared/plan';
import { changeDraft, useDraft } from './draft';
import { enqueueJobs } from './job-input';
import { keepDraft } from './keep-draft';

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
