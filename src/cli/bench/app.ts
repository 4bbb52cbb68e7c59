import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from '../command';
import { ROOT } from '../paths';
import { print } from '../terminal';

/** What each figure is; the names are those of `test/e2e/app.bench.ts`. */
const MEANINGS: Readonly<Record<string, string>> = {
  launchToInteractiveMs: 'launch to a letter typed in the prompt, ms',
  pageToInteractiveMs: 'of it since the page began to load, ms',
  memoryAtRestMb: 'memory at rest, MB (PSS of all of Electron, without Python)',
  cpuAtRestPercent: 'processor at rest, % of one core',
  coldToEncodingMs: 'Generate to the text encoder, cold, ms',
  coldToDenoisingMs: 'Generate to denoising, cold, ms',
  coldToFirstStepMs: 'Generate to the first step done, cold, ms',
  warmToEncodingMs: 'Generate to the text encoder, warm, ms',
  warmToDenoisingMs: 'Generate to denoising, warm, ms',
  warmToFirstStepMs: 'Generate to the first step done, warm, ms',
  compareFrameMs: 'a frame of the window while four videos of 720x480 are compared, median, ms',
  compareSlowFrameMs: 'the same, mean of the slowest twentieth, ms',
  changesOfAJob: 'changes that the window receives in a job of 10 steps',
  cpuMsAChange: 'processor time of all of Electron in that job, for each of them, ms',
  libraryOpenMs: 'library of 10,000 videos: click to the first card painted, ms',
  libraryOpenBareMs: 'the same without thumbnails, ms',
  libraryFramesPerSecond: 'scrolling it, frames a second',
  librarySearchMs: 'a letter typed in its search to the list painted, ms',
  libraryKbAVideo: 'memory of Electron for each video, after a collection, kB',
  queueAddMs: 'queue of 5,000: add a job, to the window painted, ms',
  queueMoveMs: 'move one, ms',
  queueCancelMs: 'cancel one, ms',
  queueRemoveMs: 'remove one, ms',
  queueKbAJob: 'memory of Electron for each job, after a collection, kB',
};

/** By the end-to-end tests' own harness: the built app, the real Electron with its sandbox, an ordinary user. */
async function run(args: readonly string[]): Promise<number> {
  const at = args.indexOf('--out');
  const out = at < 0 ? undefined : args[at + 1];
  const child = await execa('npx', ['tsx', path.join(ROOT, 'scripts', 'e2e.ts'), '--bench'], {
    cwd: ROOT,
    stdout: ['pipe', 'inherit'],
    stderr: 'inherit',
    reject: false,
  });
  const folder = /^Figures: (.+)$/m.exec(child.stdout)?.[1];
  if (child.exitCode !== 0 || folder === undefined) return child.exitCode ?? 1;
  const text = await readFile(path.join(folder, 'app.json'), 'utf8');
  const figures = JSON.parse(text) as Record<string, number>;
  print('\n| figure | |\n| --- | --- |');
  for (const [name, meaning] of Object.entries(MEANINGS))
    print(`| ${meaning} | ${String(Number(figures[name]?.toPrecision(3)))} |`);
  if (out !== undefined) await writeFile(out, text);
  return 0;
}

export const app: Command = { name: 'app', summary: "the window's start, memory, first step and long lists", run };
