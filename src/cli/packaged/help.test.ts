import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { HELP } from './help';

const SCRIPT = path.resolve(import.meta.dirname, '../../../scripts/package/files/splitreel.sh');

test('the installed script passes on every command that the help lists', () => {
  const listed = [...HELP.matchAll(/^ {2}([\w-]+) {2,}/gm)].map(([, name]) => name);
  const [, passed = ''] = /^ *-h \| --help \| (.*)\)$/m.exec(readFileSync(SCRIPT, 'utf8')) ?? [];
  expect(listed).toContain('generate');
  expect([...passed.split(' | '), '--help'].sort()).toEqual(listed.sort());
});
