import { expect, test } from 'vitest';
import { movedBy, type GridShape } from './roving';

/** Three columns; the last row holds two items. */
const GRID: GridShape = { count: 11, columns: 3, pageRows: 2 };
const LIST: GridShape = { count: 4, columns: 1, pageRows: null };

test.each([
  ['ArrowRight', 2, 3],
  ['ArrowRight', 10, 10],
  ['ArrowLeft', 3, 2],
  ['ArrowLeft', 0, 0],
  ['ArrowDown', 4, 7],
  ['ArrowDown', 8, 10],
  ['ArrowDown', 9, 9],
  ['ArrowUp', 4, 1],
  ['ArrowUp', 1, 1],
  ['Home', 7, 0],
  ['End', 0, 10],
  ['PageDown', 1, 7],
  ['PageDown', 5, 10],
  ['PageUp', 7, 1],
  ['PageUp', 4, 1],
  ['x', 4, null],
])('in a grid, %s from item %i', (key, at, to) => {
  expect(movedBy(key, at, GRID)).toBe(to);
});

test('a list next to the player leaves it Left, Right, Home and End', () => {
  expect(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageDown'].map((key) => movedBy(key, 1, LIST))).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
  expect(movedBy('ArrowDown', 1, LIST)).toBe(2);
});
