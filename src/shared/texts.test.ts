import { expect, test } from 'vitest';
import { isOneText, parseText, parseTexts, toTexts } from './texts';

const list = (length: number): object[] => Array.from({ length }, (_, id) => ({ id, inner: [1, [2]] }));

test('a short value is one text', () => {
  const value = { ok: true, value: { revision: 3, slices: { jobs: list(2), progress: null } } };
  const texts = toTexts(value);
  expect(isOneText(texts)).toBe(true);
  expect(parseText(texts)).toEqual(value);
  expect(parseText(toTexts({ ok: true, value: undefined }))).toEqual({ ok: true });
});

test('long lists come in pieces and arrive whole, in their order, with a pause before each', async () => {
  const value = { patch: { items: list(1_200), order: list(501).map((_, id) => String(id)) }, slice: 'library' };
  const texts = toTexts(value);
  expect(texts).toHaveLength(1 + 3 + 2);
  expect(texts[0]).toBe('{"patch":{"items":[],"order":[]},"slice":"library"}');
  let pauses = 0;
  const parsed = await parseTexts(texts, () => {
    pauses += 1;
    return Promise.resolve();
  });
  expect(parsed).toEqual(value);
  expect(pauses).toBe(5);
});
