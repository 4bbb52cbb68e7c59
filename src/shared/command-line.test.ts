import { expect, test } from 'vitest';
import { parseCommandLine } from './command-line';

test.each([
  ['llm', ['llm']],
  ['  ollama  run llama3 ', ['ollama', 'run', 'llama3']],
  [`llm -s "You're a writer" --model 'a b'`, ['llm', '-s', "You're a writer", '--model', 'a b']],
  [
    String.raw`/opt/my\ tools/rewrite --mark "a \"quoted\" word"`,
    ['/opt/my tools/rewrite', '--mark', 'a "quoted" word'],
  ],
  [`a'b'"c"d ''`, ['abcd', '']],
  [`x "$HOME" 'a|b' "a;b" *.txt 提示词`, ['x', '$HOME', 'a|b', 'a;b', '*.txt', '提示词']],
])('%s', (text, args) => {
  expect(parseCommandLine(text)).toEqual({ args });
});

test.each([
  ['', 'empty'],
  ['   ', 'empty'],
  ["''", 'empty'],
  ['llm "open', 'quote'],
  ["llm it's", 'quote'],
  ['llm \\', 'quote'],
  ['llm | tee file', 'shell'],
  ['llm > file', 'shell'],
  ['llm; rm', 'shell'],
  ['llm && true', 'shell'],
  ['llm $(id)', 'shell'],
  ['llm `id`', 'shell'],
  ['$HOME/llm', 'shell'],
  ['./rewrite', 'relative'],
  ['bin/rewrite', 'relative'],
  ['~/rewrite', 'relative'],
  ['llm\nrm', 'control'],
  ['llm \u001b[2J', 'control'],
  ['llm\u2028rm', 'control'],
  ['llm \u202egpj.', 'control'],
  ['llm \u2067a', 'control'],
])('%j: %s', (text, problem) => {
  expect(parseCommandLine(text)).toEqual({ problem });
});
