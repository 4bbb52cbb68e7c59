import { afterEach, expect, test } from 'vitest';
import { request } from '../../../test/fakes/request';
import { appError } from '../../shared/errors';
import { setLanguage } from '../../shared/language';
import type { JobState } from '../../shared/job';
import { firstWords, notificationText } from './notification';

const LONG = 'a small orange star that moves slowly from the upper left corner to the lower right one and spins';
const finished = (...videoIds: string[]): JobState => ({
  status: 'finished',
  videoIds,
  report: { totalMs: 1, msPerStep: 1, weightBytesRead: 0, stages: [], ranks: [], notices: [] },
});
const text = (state: JobState, prompt = 'a dog') => notificationText({ state, request: request({ prompt }) });

test('a prompt is shortened at a word boundary and put on one line', () => {
  expect(firstWords(LONG)).toBe('a small orange star that moves slowly from the upper left…');
  expect(firstWords(' a dog\n\truns ')).toBe('a dog runs');
  expect(firstWords('狗'.repeat(80))).toBe(`${'狗'.repeat(60)}…`);
});

test('a finished or failed job names its prompt; a canceled one shows nothing', () => {
  expect(text(finished('a'))).toEqual({ title: 'Your video is ready', body: 'a dog' });
  expect(text(finished('a', 'b'))?.title).toBe('2 videos are ready');
  expect(text({ status: 'failed', error: appError('JOB_NOT_FOUND') })?.body).toMatch(/^a dog: This job /);
  for (const status of ['canceled', 'interrupted', 'queued', 'running', 'canceling'] as const)
    expect(text({ status })).toBeNull();
});

afterEach(() => setLanguage('en'));

test('in Chinese', () => {
  setLanguage('zh-CN');
  expect(text(finished('a', 'b'), '一只狗')).toEqual({ title: '2 个视频已生成', body: '一只狗' });
  expect(text({ status: 'failed', error: appError('JOB_NOT_FOUND') }, '一只狗')?.body).toBe(
    '一只狗：此任务已不在队列中。',
  );
});
