import { expect, test } from 'vitest';
import { zoomed, type Zoom } from './use-zoom';

const FIT: Zoom = { scale: 1, x: 0, y: 0 };

test('the point under the pointer stays there, within the frame', () => {
  expect(zoomed(FIT, 2, { x: 0.25, y: -0.5 })).toEqual({ scale: 2, x: -0.25, y: 0.5 });
  expect(zoomed(zoomed(FIT, 2, { x: 0.25, y: 0 }), 0.5, { x: 0.25, y: 0 })).toEqual(FIT);
});

test('zoom is limited to between the whole frame and eight times', () => {
  expect(zoomed(FIT, 0.5)).toEqual(FIT);
  expect(zoomed({ scale: 7, x: 0, y: 0 }, 4).scale).toBe(8);
});
