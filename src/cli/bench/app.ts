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
  cpuAtRestPercent: 'CPU at rest, % of one core',
  coldToEncodingMs: 'Generate to the text encoder, cold, ms',
  coldToDenoisingMs: 'Generate to denoising, cold, ms',
  coldToFirstStepMs: 'Generate to the first step done, cold, ms',
  warmToEncodingMs: 'Generate to the text encoder, warm, ms',
  warmToDenoisingMs: 'Generate to denoising, warm, ms',
  warmToFirstStepMs: 'Generate to the first step done, warm, ms',
  compareFrameMs: 'four videos of 720x480 and 60 frames per second compared: between two frames of the first, ms',
  compareSlowFrameMs: 'the same, 95th percentile, ms',
  compareShownPerSecond: 'frames per second that the slowest of them shows',
  compareDriftMs: 'time between the first and the last of them, median, ms',
  compareSlowDriftMs: 'the same, 95th percentile, ms',
  compareLeftKb: 'heap left by 50 visits of the comparison of four videos, kB',
  compareLeftNodes: 'nodes left by them',
  compareLeftListeners: 'listeners left by them',
  compareLeftThreads: 'threads left by them',
  videoLeftKb: 'heap left by 50 visits of a video, kB',
  videoLeftNodes: 'nodes left by them',
  videoLeftListeners: 'listeners left by them',
  videoLeftThreads: 'threads left by them',
  changesOfAJob: 'changes that the window receives in a job of 10 steps',
  cpuMsAChange: 'CPU time of all of Electron in that job, for each of them, ms',
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
  ...taskMeanings(),
};

/** The longest tasks with 10,000 videos, 5,000 jobs and 500 prompts; see `test/e2e/tasks.bench.ts`. */
function taskMeanings(): Readonly<Record<string, string>> {
  const scenarios = {
    launch: 'launch',
    reload: 'reload of the page',
    openLibrary: 'opening the library',
    openModels: 'opening Models',
    openMachine: 'opening Machine',
    openSettings: 'opening Settings',
    openCreate: 'opening Create',
    typePrompt: 'typing and pasting a prompt of 2,000 characters',
    palette: 'palette, and opening the prompt history',
    history: 'searching the prompt history',
    queue: 'moving, canceling and removing a job',
    searchLibrary: 'searching the library',
    selectAll: 'selecting all videos',
    markVideos: 'rating 500 videos',
  };
  return Object.fromEntries(
    Object.entries(scenarios).flatMap(([name, meaning]) => [
      [`${name}PageTaskCpuMs`, `longest task of the page, ${meaning}, ms of CPU time`],
      [`${name}MainTaskCpuMs`, `longest task of the main process, ${meaning}, ms of CPU time`],
    ]),
  );
}

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
