import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { redact } from './bundle';
import { openLogFile } from './log-file';
import { tar } from './tar';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the archive is one that tar reads', async () => {
  const file = path.join(folder, 'a.tar');
  await writeFile(
    file,
    tar([
      { name: 'a.txt', content: 'größer' },
      { name: 'logs/b.log', content: 'x'.repeat(1_024) },
    ]),
  );
  expect(execFileSync('tar', ['-tf', file], { encoding: 'utf8' })).toBe('a.txt\nlogs/b.log\n');
  expect(execFileSync('tar', ['-xOf', file, 'a.txt'], { encoding: 'utf8' })).toBe('größer');
});

test('prompts and the home folder are taken out, also as JSON writes them', () => {
  const text = `a "quoted" dog at /home/jo/x ${JSON.stringify('a "quoted" dog')}`;
  expect(redact(text, '/home/jo', ['a "quoted" dog'])).toBe('[prompt] at ~/x "[prompt]"');
});

test('a log starts anew at its size and keeps some of those before it', async () => {
  const log = openLogFile({ files: nodeFiles, clock: nodeClock }, folder);
  for (let round = 0; round < 24; round += 1) {
    for (let line = 0; line < 130; line += 1) log.info('x'.repeat(7_900));
    await log.flush();
    await log.flush();
  }
  expect((await readdir(folder)).sort()).toEqual([
    'splitreel.1.log',
    'splitreel.2.log',
    'splitreel.3.log',
    'splitreel.4.log',
    'splitreel.5.log',
    'splitreel.log',
  ]);
  expect((await log.tail()).length).toBeLessThanOrEqual(64_000);
});
