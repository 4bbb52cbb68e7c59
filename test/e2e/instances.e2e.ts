/** A second start, a start that fails, and a computer that goes to sleep. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandLine, expect, programOf, signal, test } from './harness';
import { fillForm, generateButton, slices, waitForJob, waitForStep } from './steps';

/** Starts the program without Playwright, which needs a window. */
function start(dataFolder: string, variables: Readonly<Record<string, string>> = {}) {
  const { executablePath, args, env } = programOf({}, dataFolder);
  const child = spawn(executablePath, args, { env: { ...env, ...variables }, stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.on('data', (text: Buffer) => (printed += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { ended, printed: () => printed, kill: () => child.kill('SIGKILL') };
}

const supervisors = (tree: readonly number[]): readonly number[] =>
  tree.filter((pid) => /python serve\s*$/.test(commandLine(pid)));

test('a second start shows the window of the first and ends; there is one supervisor', async ({ launch }) => {
  const { app, page, dataFolder, processTree } = await launch({ withEnvironment: true });
  await expect.poll(() => supervisors(processTree()).length).toBe(1);
  const [before] = supervisors(processTree());
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
  const isMinimized = () =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isMinimized() ?? true);
  expect(await start(dataFolder).ended).toBe(0);
  await expect.poll(isMinimized).toBe(false);
  // A child of the supervisor has its command line until it runs a program of its own.
  await expect.poll(() => supervisors(processTree())).toEqual([before]);
  expect(app.windows()).toHaveLength(1);
  await fillForm(page, { steps: 2 });
  await generateButton(page).click();
  await waitForJob(page, 'finished');
});

test('a data folder that cannot be written is reported in a sentence, without a stack trace', async () => {
  const parent = mkdtempSync(path.join(tmpdir(), 'splitreel-e2e-'));
  const locked = path.join(parent, 'locked');
  mkdirSync(locked, { mode: 0o500 });
  const data = path.join(locked, 'data');
  const started = start(parent, { SPLITREEL_DATA: data });
  try {
    await expect.poll(started.printed).toContain(data);
    expect(started.printed()).not.toMatch(/^ +at /m);
  } finally {
    // Its dialog waits for a click.
    started.kill();
    await started.ended;
    rmSync(parent, { recursive: true, force: true });
  }
});

/** Longer than the silence after which a worker counts as hung. */
const ASLEEP_MS = 12_000;

test('a job continues after the computer has slept', async ({ launch }) => {
  const { page, processTree } = await launch({ withEnvironment: true });
  await fillForm(page, { ranks: 2, steps: 500 });
  await generateButton(page).click();
  await waitForStep(page, 1);
  // Sleep stops all processes at once. Children are woken first, so that no parent finds them silent.
  const tree = processTree();
  for (const pid of tree) signal(pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, ASLEEP_MS));
  for (const pid of [...tree].reverse()) signal(pid, 'SIGCONT');
  await waitForStep(page, 6);
  expect((await slices(page)).jobs[0]?.state.status).toBe('running');
});
