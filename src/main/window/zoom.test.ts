import { expect, test } from 'vitest';
import { fittingZoom, zoomAfter, zoomKey, type ZoomChange } from './zoom';

const LARGE = { width: 3840, height: 2160 };
const press = { type: 'keyDown', key: '+', control: true, meta: false, alt: false };

test.each([
  [press, 'in'],
  [{ ...press, key: '=' }, 'in'],
  [{ ...press, key: '-' }, 'out'],
  [{ ...press, key: '0' }, 'reset'],
  [{ ...press, control: false, meta: true }, 'in'],
  [{ ...press, control: false }, null],
  [{ ...press, alt: true }, null],
  [{ ...press, type: 'keyUp' }, null],
  [{ ...press, key: '1' }, null],
])('the key %j means %s', (input, change) => {
  expect(zoomKey(input)).toBe(change);
});

test.each<[ZoomChange, from: number, to: number]>([
  ['in', 1, 1.1],
  ['in', 3, 3],
  ['out', 1, 0.9],
  ['out', 0.75, 0.75],
  ['reset', 1.5, 1],
])('%s from %f: %f', (change, from, to) => {
  expect(zoomAfter(change, from, LARGE)).toBe(to);
});

test('the page always has as much room as in the smallest window', () => {
  const size = { width: 1280, height: 750 };
  expect(fittingZoom(2, size)).toBe(1.25);
  expect(fittingZoom(2, { width: 900, height: 600 })).toBe(1);
  expect(zoomAfter('in', 1.25, size)).toBe(1.25);
  // What counts is what is seen, so no press is without effect.
  expect(zoomAfter('out', 2, size)).toBe(1.1);
});
