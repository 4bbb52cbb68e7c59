import { expect, test } from 'vitest';
import { fitText } from './FirstFrame';

const VIDEO = { width: 720, height: 480 };

test('an image of the same shape is scaled, any other is stretched', () => {
  expect(fitText({ width: 3_000, height: 2_000 }, VIDEO)).toBe('3000 × 2000, scaled to 720 × 480');
  expect(fitText({ width: 1_000, height: 660 }, VIDEO)).toMatch(/scaled/);
  expect(fitText({ width: 1_920, height: 1_080 }, VIDEO)).toMatch(/^1920 × 1080, stretched to 720 × 480\./);
  expect(fitText({ width: 480, height: 720 }, VIDEO)).toMatch(/stretched/);
});
