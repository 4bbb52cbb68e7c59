import { expect, test } from 'vitest';
import golden from '../../resources/golden/format.json';
import { formatBytes, formatDownloadTime, formatDuration, formatTime } from './format';

test.each(golden.sizes)('%d bytes: %s', (bytes, text) => {
  expect(formatBytes(Number(bytes))).toBe(text);
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
