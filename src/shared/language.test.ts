import { expect, test } from 'vitest';
import { languageFor } from './language';

test.each([
  [['zh-CN'], 'zh-CN'],
  [['zh-Hans-CN', 'en-US'], 'zh-CN'],
  [['zh_TW'], 'zh-CN'],
  [['de-DE', 'zh-CN', 'en'], 'zh-CN'],
  [['en-GB', 'zh-CN'], 'en'],
  [['de-DE'], 'en'],
  [[], 'en'],
] as const)('a system in %j gets %s', (preferred, language) => {
  expect(languageFor('system', preferred)).toBe(language);
});

test('a choice counts more than the system', () => {
  expect(languageFor('en', ['zh-CN'])).toBe('en');
  expect(languageFor('zh-CN', ['en'])).toBe('zh-CN');
});
