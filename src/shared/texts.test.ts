import { expect, test } from 'vitest';
import { parseTexts, toTexts } from './texts';

const list = (length: number): object[] => Array.from({ length }, (_, id) => ({ id, inner: [1, [2]] }));

/** Counts the pauses. */
function counted() {
  const seen = { pauses: 0 };
  const pause = (): Promise<void> => {
    seen.pauses += 1;
    return Promise.resolve();
  };
  return { seen, pause };
}

test('a short value is one text, ready immediately', () => {
  const { seen, pause } = counted();
  const value = { ok: true, value: { revision: 3, slices: { jobs: list(2), progress: null } } };
  const texts = toTexts(value, pause);
  if (texts instanceof Promise) throw new Error('not ready');
  expect(texts).toHaveLength(1);
  expect(parseTexts(texts, pause)).toEqual(value);
  expect(toTexts({ ok: true, value: undefined }, pause)).toEqual(['{"ok":true}']);
  expect(seen.pauses).toBe(0);
});

test('long lists are sent in pieces and arrive complete and in order, with a pause before each piece', async () => {
  const value = { patch: { items: list(1_200), order: list(501).map((_, id) => String(id)) }, slice: 'library' };
  const written = counted();
  const texts = await toTexts(value, written.pause);
  expect(texts).toHaveLength(1 + 3 + 2);
  expect(texts[0]).toBe('{"patch":{"items":[],"order":[]},"slice":"library"}');
  const parsed = counted();
  expect(await parseTexts(texts, parsed.pause)).toEqual(value);
  expect([written.seen.pauses, parsed.seen.pauses]).toEqual([5, 5]);
});

test('no more than 500 items are written between two pauses', async () => {
  let items = 0;
  const most: number[] = [];
  const item = {
    toJSON: () => {
      items += 1;
      return {};
    },
  };
  await toTexts({ library: Array.from({ length: 10_000 }, () => item) }, () => {
    most.push(items);
    items = 0;
    return Promise.resolve();
  });
  expect(Math.max(...most, items)).toBe(500);
});
