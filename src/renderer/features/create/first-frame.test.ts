import { expect, test } from 'vitest';
import { cutAxis, cutPixels } from './first-frame';
import { fitText } from './FirstFrame';

const VIDEO = { width: 720, height: 480 };
const WIDE = { width: 1_920, height: 1_080 };

test('the note says how the image is fitted', () => {
  expect(fitText({ width: 3_000, height: 2_000 }, VIDEO, 'crop')).toBe('3000 × 2000, scaled to 720 × 480');
  expect(fitText(VIDEO, VIDEO, 'crop')).toBe('720 × 480');
  expect(fitText(WIDE, VIDEO, 'crop')).toBe('1920 × 1080, cropped to 720 × 480');
  expect(fitText(WIDE, VIDEO, 'fit')).toBe('1920 × 1080, with black bars in 720 × 480');
  expect(fitText(WIDE, VIDEO, 'stretch')).toBe('1920 × 1080, stretched to 720 × 480');
});

test('a wide image is cut at its sides, a tall one above and below', () => {
  expect(cutAxis(WIDE, VIDEO)).toBe('x');
  expect(cutAxis({ width: 1_080, height: 1_920 }, VIDEO)).toBe('y');
  // 1920 x 1080 fills a box of 150 x 100 at 177.8 x 100.
  expect(cutPixels(WIDE, { width: 150, height: 100 })).toBeCloseTo(27.8, 1);
});
