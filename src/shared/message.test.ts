import { expect, expectTypeOf, test } from 'vitest';
import { messagesIn, type MessageValues } from './message';

const english = messagesIn('en');
const chinese = messagesIn('zh-CN');

test('a plural and its number follow the rules of the language', () => {
  const videos = english('{count, plural, one {# video} other {# videos}}');
  expect([1, 2, 1_234].map((count) => videos({ count }))).toEqual(['1 video', '2 videos', '1,234 videos']);
  expect(chinese('{count, plural, other {# 个视频}}')({ count: 1 })).toBe('1 个视频');
});

test('a plain value is written unchanged: seeds have no separators', () => {
  expect(english('seed {seed}')({ seed: 1_234_567 })).toBe('seed 1234567');
  expect(english("can't read <{file}>")({ file: 'a' })).toBe("can't read <a>");
});

test('the text types its values', () => {
  expectTypeOf<MessageValues<'{used} of {total, number}'>>().toEqualTypeOf<{
    readonly used: string | number;
    readonly total: number;
  }>();
  expectTypeOf<
    MessageValues<'{kind, select, cuda {{count, plural, one {GPU} other {GPUs}}} other {x {index}}} {end}'>
  >().toEqualTypeOf<{
    readonly kind: string;
    readonly count: number;
    readonly index: string | number;
    readonly end: string | number;
  }>();
});
