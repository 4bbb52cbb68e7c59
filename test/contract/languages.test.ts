/** Compares the languages' texts: those of the window and of the main process, and the shared sentences. */
import { IntlMessageFormat } from 'intl-messageformat';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import chineseSentences from '../../resources/messages.zh-CN.json';
import catalog from '../../resources/catalog.json';
import sentences from '../../resources/messages.en.json';
import { copy as mainEnglish } from '../../src/main/copy/en';
import { copy as mainChinese } from '../../src/main/copy/zh';
import { copy as english } from '../../src/renderer/copy/en';
import { copy as chinese } from '../../src/renderer/copy/zh';
import { modelDescriptions } from '../../src/renderer/copy/zh/model-descriptions';

type Element = ReturnType<IntlMessageFormat['getAst']>[number];

const isMessage = (value: unknown): value is { readonly text: string } =>
  typeof value === 'function' && 'text' in value;

/** Every text by its path. */
function textsOf(table: object, before = ''): (readonly [string, string])[] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]) => {
    const here = before === '' ? key : `${before}.${key}`;
    if (typeof value === 'string') return [[here, value] as const];
    if (isMessage(value)) return [[here, value.text] as const];
    // Exit codes, which are stored with the errors' sentences.
    if (typeof value === 'number') return [];
    return textsOf(value as object, here);
  });
}

/** The parser's enum of kinds is not exported. */
const PLAIN_TEXT = 0;
const isPlainText = ({ type }: { readonly type: number }): boolean => type === PLAIN_TEXT;

/** The names of a message's values, including those in branches. */
function valuesOf(elements: readonly Element[]): string[] {
  return elements.flatMap((element) => {
    const own = 'value' in element && !isPlainText(element) ? [element.value] : [];
    const branches = 'options' in element ? Object.values(element.options).flatMap(({ value }) => valuesOf(value)) : [];
    return [...own, ...branches];
  });
}

const parse = (text: string, language: string): Element[] =>
  new IntlMessageFormat(text, language, undefined, { ignoreTag: true }).getAst();

const texts = {
  en: new Map(textsOf({ window: english, main: mainEnglish })),
  'zh-CN': new Map(textsOf({ window: chinese, main: mainChinese })),
};

test('both languages have the same texts', () => {
  expect([...texts['zh-CN'].keys()].sort()).toEqual([...texts.en.keys()].sort());
});

test.each([...texts.en])('%s takes the same values in both languages', (key, text) => {
  const names = (of: Element[]): string[] => [...new Set(valuesOf(of))].sort();
  expect(names(parse(texts['zh-CN'].get(key) ?? '', 'zh-CN'))).toEqual(names(parse(text, 'en')));
});

/** Names, keys, units and formulas, which are written the same in both languages. */
const SAME = [
  /^(|Splitreel|English|简体中文|WebP|PNG|DDIM|DPM|cuDNN|CFG|PipeFusion|Ring|Ulysses|LoRA|Python|GPU|CPU|https:\/\/)$/,
  /^FlashAttention \d$/,
  /^(Ctrl\+|Esc$|\?$|[A-Z0-9]$)/,
  /^(MP4|WebM|QuickTime|GIF)\b/,
  // An address and a model of Ollama, as examples.
  /^(http:\/\/127\.0\.0\.1:11434\/v1|qwen3:8b)$/,
  // Only values, punctuation and unit symbols.
  /^(\{[^{}]*\}|[\s×/%x.,:()+=-]|\b(GPU|CPU)\b|\/s)*$/,
  /^\{kind, select, cuda \{GPU\} other \{CPU\}\} \{index\}$/,
];

test('only names are the same in Chinese and English', () => {
  const equal = [...texts.en].filter(([key, text]) => texts['zh-CN'].get(key) === text);
  expect(equal.filter(([, text]) => !SAME.some((pattern) => pattern.test(text)))).toEqual([]);
});

const isWestern = (text: string): boolean => /\p{Script=Han}\s?[,;:!?](?!\d)|\p{Script=Han}\.(?:\s|$)/u.test(text);

test('Chinese texts use Chinese punctuation', () => {
  const prose = [...texts['zh-CN']].map(
    ([key, text]) => [key, text.replace(/\{\w+, \w+, ?|\{\w+, \w+\}/g, '')] as const,
  );
  expect(prose.filter(([, text]) => isWestern(text))).toEqual([]);
});

const tables = { en: new Map(textsOf(sentences)), 'zh-CN': new Map(textsOf(chineseSentences)) };

/** The keys of a formatted JSON file by their path, repeated ones included, which JSON.parse would drop. */
function keysOf(json: string): readonly string[] {
  const path: string[] = [];
  return [...json.matchAll(/^( +)"(\w+)":/gm)].map(([, indent = '', key = '']) => {
    path.splice(indent.length / 2 - 1);
    path.push(key);
    return path.join('.');
  });
}

test.each(['en', 'zh-CN'])('messages.%s.json contains no key twice', async (language) => {
  const keys = keysOf(await readFile(`resources/messages.${language}.json`, 'utf8'));
  expect(keys.length).toBeGreaterThan(300);
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

test('every sentence exists in both languages', () => {
  expect([...tables['zh-CN'].keys()].sort()).toEqual([...tables.en.keys()].sort());
});

test.each([...tables.en])('the sentence %s has the same placeholders in both languages', (key, sentence) => {
  const placeholders = (text: string): string[] => [...new Set(text.match(/\{[^}]*\}/g))].sort();
  const translated = tables['zh-CN'].get(key) ?? '';
  expect(placeholders(translated)).toEqual(placeholders(sentence));
  expect(isWestern(translated)).toBe(false);
  if (sentence !== '') expect(translated).toMatch(/[\p{Script=Han}。]/u);
});

test('every model in the catalog has a Chinese description', () => {
  const shipped = catalog.models.map(({ description }) => description);
  expect(Object.keys(modelDescriptions)).toEqual(expect.arrayContaining(shipped));
});

test('a button or page quoted in a Chinese sentence exists in the window', () => {
  const labels = new Set([...texts['zh-CN']].map(([, text]) => text));
  const quoted = [...tables['zh-CN'].values(), ...labels].flatMap((text) =>
    [...text.matchAll(/(?:点击|请试试)“([^”{]+)”|“([^”{]+)”页面/g)].map(([, button, page]) => button ?? page ?? ''),
  );
  expect(quoted.length).toBeGreaterThan(5);
  expect(quoted.filter((label) => !labels.has(label))).toEqual([]);
});
