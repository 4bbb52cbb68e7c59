import { expect, test } from 'vitest';
import { extended, moved, NOTHING_SELECTED, toggled } from './selection';

const ORDER = ['a', 'b', 'c', 'd', 'e'];
const ids = ({ ids: set }: { readonly ids: ReadonlySet<string> }): string => [...set].sort().join('');

test('one by one', () => {
  const two = toggled(toggled(NOTHING_SELECTED, 'b'), 'd');
  expect(ids(two)).toBe('bd');
  expect(ids(toggled(two, 'b'))).toBe('d');
});

test('a range extends both ways from the same anchor and keeps the earlier selection', () => {
  const anchored = toggled(toggled(NOTHING_SELECTED, 'e'), 'c');
  expect(ids(extended(anchored, 'a', ORDER))).toBe('abce');
  expect(ids(extended(extended(anchored, 'b', ORDER), 'd', ORDER))).toBe('bcde');
});

test('with Shift held the range follows the focus, longer and shorter, beside what was selected before', () => {
  const before = { ids: new Set(['e']), anchor: null };
  const longer = moved(moved(before, 'b', 'c', ORDER), 'c', 'd', ORDER);
  expect(ids(longer)).toBe('bcde');
  expect(ids(moved(longer, 'd', 'c', ORDER))).toBe('bce');
  expect(ids(moved(moved(moved(before, 'b', 'c', ORDER), 'c', 'b', ORDER), 'b', 'a', ORDER))).toBe('abe');
});

test('without a visible anchor a range is one video', () => {
  expect(ids(extended(NOTHING_SELECTED, 'c', ORDER))).toBe('c');
  expect(ids(extended(toggled(NOTHING_SELECTED, 'x'), 'c', ORDER))).toBe('cx');
});
