import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordDiff } from './word-diff';

const shown = (before: string, after: string): string =>
  wordDiff(before, after)
    .map(({ kind, text }) => ({ kept: text, dropped: `[-${text}]`, added: `[+${text}]` })[kind])
    .join(' ');

test.each([
  ['A dog runs', 'A small brown dog runs slowly.', 'A [+small brown] dog runs [+slowly.]'],
  ['a red dog, on the beach', 'A dog walks on the beach', 'A [-red] dog [+walks] on the beach'],
  ['a dog', 'a dog', 'a dog'],
  // Nothing in common: the new text alone.
  ['一只狗在跑', 'A dog runs.', '[+A dog runs.]'],
  ['', 'A dog', '[+A dog]'],
])('%s -> %s', (before, after, parts) => {
  expect(shown(before, after)).toBe(parts);
});

test('what is kept and added is the new text, whatever it is', () => {
  const text = fc
    .array(fc.constantFrom('a', 'dog', 'runs', 'Runs.', '狗', ','), { maxLength: 12 })
    .map((w) => w.join(' '));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const parts = wordDiff(before, after).filter(({ kind }) => kind !== 'dropped');
      expect(parts.map((part) => part.text).join(' ')).toBe(after);
    }),
  );
});
