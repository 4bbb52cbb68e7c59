import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLineSplitter } from './line-splitter';

test('whatever the chunks, the lines are the same', () => {
  const lines = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', '')));
  fc.assert(
    fc.property(lines, fc.array(fc.nat(7), { minLength: 1 }), (texts, sizes) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''), 'utf8');
      const splitter = createLineSplitter();
      const found: string[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = (sizes[turn % sizes.length] ?? 0) + 1;
        found.push(...(splitter.push(bytes.subarray(at, at + size)) ?? []));
        at += size;
      }
      expect(found).toEqual(texts.map((text) => Buffer.from(text).toString('utf8')));
    }),
  );
});

test('a line without an end is refused before it fills the memory', () => {
  const splitter = createLineSplitter(1_000);
  expect(splitter.push(new Uint8Array(900).fill(120))).toEqual([]);
  expect(splitter.push(new Uint8Array(200).fill(120))).toBeNull();
});
