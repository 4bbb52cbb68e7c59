import { expect, test } from 'vitest';
import { stemOf } from './stem';

test.each([
  ['/videos/fox.mp4', 'fox'],
  ['/videos/100% "#1" 🦊.v2.mp4', '100% "#1" 🦊.v2'],
  ['/videos/שועל.mp4', 'שועל'],
])('the stem of %s is %s', (file, stem) => {
  expect(stemOf(file)).toBe(stem);
});

test('a name as long as file systems allow leaves room for an ending, and no half of a character', () => {
  const stem = stemOf(`/videos/a${'🦊'.repeat(62)}.mp4`);
  expect(stem).toBe(`a${'🦊'.repeat(49)}`);
});
