import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyListPatch, diffList } from './slice-patch';

const item = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), value: fc.nat(3) });
const list = fc.uniqueArray(item, { selector: ({ id }) => id });

test('a patch turns any list into any other', () => {
  fc.assert(
    fc.property(list, list, (before, after) => {
      expect(applyListPatch(before, diffList(before, after))).toEqual(after);
    }),
  );
});

test('of 5,000 items only the changed one is sent', () => {
  const before = Array.from({ length: 5_000 }, (_, index) => ({ id: String(index), value: 0 }));
  const changed = { id: '77', value: 1 };
  const patch = diffList(
    before,
    before.map((each) => (each.id === '77' ? changed : each)),
  );
  expect(patch).toEqual({ items: [changed], order: null });
});

test('a patch for another list is detected', () => {
  expect(applyListPatch([], { items: [], order: ['a'] })).toBeNull();
});

test('a patch of 500 items looks at each of 10,000 a few times, not once for each change', () => {
  let reads = 0;
  const counted = (id: string) => ({
    get id() {
      reads += 1;
      return id;
    },
  });
  const before = Array.from({ length: 10_000 }, (_, index) => counted(String(index)));
  const after = before.map((each, index) => (index < 500 ? counted(String(index)) : each));
  const applied = applyListPatch(before, diffList(before, after));
  expect(applied).toHaveLength(after.length);
  expect(applied?.every((each, index) => each === after[index])).toBe(true);
  expect(reads).toBeLessThanOrEqual(5 * before.length);
});
