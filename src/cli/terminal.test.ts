import { parseArgs } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { appError, SplitreelError } from '../shared/errors';
import { reportErrors } from './terminal';

let printed = '';
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const parse = (...args: readonly string[]): Promise<number> =>
  reportErrors(() => {
    parseArgs({
      args: [...args],
      options: { variant: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    return Promise.resolve(0);
  });

test.each([
  [['--frobnicate'], 'Unknown option --frobnicate.'],
  [['--frobnicate=1'], 'Unknown option --frobnicate.'],
  [['--variant'], 'The option --variant needs a value.'],
  [['--variant', '--help'], 'The option --variant needs a value.'],
  [['--help=yes'], "An option of this command can't be used as given."],
  [['more'], "An option of this command can't be used as given."],
])('%s is refused in one sentence', async (args, sentence) => {
  expect(await parse(...args)).toBe(2);
  expect(printed.split('\n')[0]).toBe(`${sentence} Run the command with --help to see its options.`);
});

test.each([
  [new Error('boom\nsecond line'), 5, 'Something went wrong inside Splitreel.'],
  [Object.assign(new Error('no space'), { code: 'ENOSPC', target: '/a/b' }), 3, 'The disk that holds /a is full.'],
  [new SplitreelError(appError('CANCELED')), 130, 'Canceled.'],
])('%s is a line and an exit code', async (error, code, sentence) => {
  expect(await reportErrors(() => Promise.reject(error))).toBe(code);
  expect(printed).toContain(sentence);
  expect(printed).not.toContain('second line');
  expect(printed).not.toContain('    at ');
});
