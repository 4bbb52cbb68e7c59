import { afterEach, expect, test, vi } from 'vitest';
import golden from '../../resources/golden/format.json';
import { setLanguage } from './language';
import {
  formatBytes,
  formatDate,
  formatDownloadTime,
  formatDuration,
  formatList,
  formatPair,
  formatTime,
} from './format';

test.each(golden.sizes)('%d bytes: %s', (bytes, text) => {
  // Python writes to terminals, with an ordinary space; here the unit stays on the line of its number.
  expect(formatBytes(Number(bytes))).toBe(String(text).replace(' ', '\u00a0'));
});

test.each(golden.durations)('%d ms: %s', (ms, text) => {
  expect(formatDuration(Number(ms))).toBe(text);
});

test('a download time is quoted for 100 Mbit/s', () => {
  expect(formatDownloadTime(2_572_564_333)).toBe('3 min 26 s');
});

test('a position in a video keeps its width', () => {
  expect(formatTime(3.5)).toBe('0:03.50');
  expect(formatTime(61)).toBe('1:01.00');
});

afterEach(() => setLanguage('en'));

test('in Chinese', () => {
  setLanguage('zh-CN');
  expect(formatBytes(61_203_283_968)).toBe('61.2\u00a0GB');
  expect([490, 95_000, 3_725_000].map(formatDuration)).toEqual(['0.49 秒', '1 分 35 秒', '1 小时 2 分']);
  expect(formatDate(new Date(2026, 4, 9, 14, 5).getTime())).toBe('2026年5月9日 14:05');
  expect(formatPair('提示词', formatList(['一', '二']))).toBe('提示词：一，二');
});

test('dates of one language share a formatter', () => {
  formatDate(0);
  const created = vi.spyOn(Intl, 'DateTimeFormat');
  formatDate(1);
  expect(created).not.toHaveBeenCalled();
  created.mockRestore();
});
