import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { job, SLICES } from '../../../test/fakes/main-process';
import { makePrivateFolder } from '../adapters/node/private-folder';
import { bundleEntries } from './bundle';
import { openLogFile } from './log-file';
import { tar } from './tar';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('tar can read the archive', async () => {
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

const PROMPT = 'A "quoted" dog runs (fast) along the beach at sunset while the camera follows it slowly';

const ORIGINAL = 'ein Hund im Abendrot';
const IMAGE = '/home/jo/secret-face.png';
const LORA = { path: '/home/jo/my-sister.safetensors', sha256: 'a'.repeat(64), strength: 1 };

async function bundled(log: string, includePrompts = false, prompt = PROMPT): Promise<string> {
  const made = job({ status: 'queued' }, prompt, 'job-1');
  const slices = {
    ...SLICES,
    jobs: [{ ...made, request: { ...made.request, rewrittenFrom: ORIGINAL, imagePath: IMAGE, loras: [LORA] } }],
    settings: {
      ...SLICES.settings,
      hubMirror: 'https://jo:hunter2@mirror.example',
      rewriter: { kind: 'command' as const, command: 'llm --key hunter2', address: '', model: 'hunter2' },
      rewriteInstruction: 'hunter2',
    },
  };
  await writeFile(path.join(folder, 'splitreel.log'), log);
  const entries = await bundleEntries(nodeFiles, { slices, logsFolder: folder, home: '/home/jo', includePrompts });
  return entries.map(({ content }) => content).join('\n');
}

test.each([
  ['whole', PROMPT],
  ['as JSON writes it', JSON.stringify(PROMPT)],
  ['before it was rewritten', `rewriting "${ORIGINAL}"`],
  ['in capitals', PROMPT.toUpperCase()],
  ['cut off, printed by a library', "time info engine | The following part was truncated: ['the beach at sunset']"],
  [
    'in the name of a file',
    'could not write /home/jo/Videos/a-quoted-dog-runs-fast-along-the-beach-at-sunset-while-the-camera-follows-it_seed7.mp4',
  ],
  ['of a job that was removed, in the name of a file', 'could not write /videos/the-beach-at-sunset_seed7.mp4'],
  ['in the name of a LoRA', 'The LoRA /home/jo/my-sister.safetensors cannot be opened'],
  ['as an image', 'could not read /home/jo/beach/secret-face.png'],
])('the file contains no prompt: %s', async (_name, line) => {
  const text = await bundled(`first line\n${line}\nlast line\n`);
  expect(text).toContain('first line');
  expect(text).toContain('last line');
  expect(text).not.toMatch(/dog|sunset|Abendrot|secret-face|my-sister|hunter2|\/home\/jo/i);
});

test('the file contains no prompt that is too short to search for either', async () => {
  const text = await bundled('log\n', false, 'xq');
  expect(text).toContain('"promptCharacters": 2');
  expect(text).not.toMatch(/xq|"prompt"|"imagePath"/);
});

test('with prompts included, the file contains them but still no passwords', async () => {
  const text = await bundled('log\n', true);
  expect(text).toContain('quoted');
  expect(text).not.toContain('hunter2');
});

test('only their owner can read the logs', async () => {
  const logs = path.join(folder, 'data', 'logs');
  const log = openLogFile({ files: nodeFiles, clock: nodeClock }, logs);
  log.info('one');
  await log.flush();
  expect((await stat(path.join(logs, 'splitreel.log'))).mode & 0o777).toBe(0o600);
  for (const each of [logs, path.dirname(logs)]) expect((await stat(each)).mode & 0o777).toBe(0o700);
});

test('a data folder that everyone can read is restricted to its owner', async () => {
  const data = path.join(folder, 'data');
  await mkdir(data, { mode: 0o755 });
  makePrivateFolder(data);
  expect((await stat(data)).mode & 0o777).toBe(0o700);
});

test('a log is rotated at its size limit and keeps some previous files', async () => {
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
