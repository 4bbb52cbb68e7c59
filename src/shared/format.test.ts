import { expect, test } from 'vitest';
import { formatBytes, formatDownloadTime, formatDuration, formatTime } from './format';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [495_000_000, '495 MB'],
  [61_203_283_968, '61.2 GB'],
  [150_754_820_096, '151 GB'],
  [2_000_000_000_000_000, '2000 TB'],
])('%d bytes: %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0.00 s'],
  [490, '0.49 s'],
  [9_940, '9.9 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 0 s'],
  [95_000, '1 min 35 s'],
  [3_725_000, '1 h 2 min'],
])('%d ms: %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('a download time is quoted for 100 Mbit/s', () => {
  expect(formatDownloadTime(2_572_564_333)).toBe('3 min 26 s');
});

test('a position in a video keeps its width', () => {
  expect(formatTime(3.5)).toBe('0:03.50');
  expect(formatTime(61)).toBe('1:01.00');
});
