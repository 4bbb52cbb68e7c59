import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expandPrompts, hasLines, MAX_JOBS_AT_ONCE } from './prompt-list';

test.each([
  ['a dog', false, ['a dog']],
  ['a {red|blue} ball', false, ['a red ball', 'a blue ball']],
  ['{a|b} and {c|d}', false, ['a and c', 'a and d', 'b and c', 'b and d']],
  ['a {big {dog|cat}|bird}', false, ['a big dog', 'a bird', 'a big cat']],
  ['a {red|red} ball', false, ['a red ball']],
  ['a {red} ball', false, ['a {red} ball']],
  ['a {red|blue ball', false, ['a {red|blue ball']],
  ['two\nlines', false, ['two\nlines']],
  ['one\r\n\n two {a|b} \none', true, ['one', 'two a', 'two b']],
  ['', false, ['']],
  [' \n ', true, ['']],
  ['{|}\n', false, ['{|}']],
])('%j as a list: %j', (text, isList, expected) => {
  expect(expandPrompts(text, isList)).toEqual(expected);
});

test('more than can be queued at once is refused, not cut, and not counted forever', () => {
  const lines = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index}`).join('\n');
  expect(expandPrompts(lines(MAX_JOBS_AT_ONCE), true)).toHaveLength(MAX_JOBS_AT_ONCE);
  expect(expandPrompts(lines(MAX_JOBS_AT_ONCE + 1), true)).toBeNull();
  expect(expandPrompts('{0|1}'.repeat(60), false)).toBeNull();
});

test('any text is expanded completely, in finite time', () => {
  const text = fc.string({ unit: fc.constantFrom('{', '}', '|', 'a', ' ', '\n'), maxLength: 40 });
  fc.assert(
    fc.property(text, fc.boolean(), (typed, isList) => {
      const prompts = expandPrompts(typed, isList);
      expect(prompts).not.toEqual([]);
      for (const prompt of prompts ?? []) expect(expandPrompts(prompt, false)).toEqual([prompt]);
    }),
  );
});

test('only a text with a line break inside can be a list', () => {
  expect(['a', 'a\n', '\na'].map(hasLines)).toEqual([false, false, false]);
  expect(hasLines('a\nb')).toBe(true);
});
