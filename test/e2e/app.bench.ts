/** `npm run bench -- app`: measures the window in the real Electron. Makes no assertions about time. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { addFigures, electronPids, median, pssMb } from './figures';
import { expect, test, type RunningApp } from './harness';
import { fillForm, generateButton, slices, waitForJob } from './steps';

const LAUNCHES = 3;
const REST_MS = 5000;
const STEPS = 10;
const figures: Record<string, number> = {};

/** CPU time of a process, in kernel ticks of 10 ms. */
function cpuMs(pids: readonly number[]): number {
  return pids
    .map((pid) => {
      try {
        const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return 10 * (Number(fields[11]) + Number(fields[12]));
      } catch {
        return 0;
      }
    })
    .reduce((sum, ms) => sum + ms, 0);
}

/** Interactive: a typed letter appears in the prompt. */
async function untilInteractive(page: Page): Promise<void> {
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.press('a');
  await expect(prompt).toHaveValue(/a/);
}

test('launch and rest', async ({ launch }) => {
  const launches: number[] = [];
  const inPage: number[] = [];
  let running: RunningApp | undefined;
  for (let turn = 0; turn < LAUNCHES; turn += 1) {
    const began = performance.now();
    running = await launch({ withEnvironment: true });
    await untilInteractive(running.page);
    // The page's clock starts when Electron begins to load our page.
    inPage.push(await running.page.evaluate(() => performance.now()));
    launches.push(performance.now() - began);
    if (turn < LAUNCHES - 1) await running.app.close();
  }
  if (running === undefined) throw new Error('nothing was launched');
  figures['launchToInteractiveMs'] = median(launches);
  figures['pageToInteractiveMs'] = median(inPage);
  await running.page.waitForTimeout(REST_MS);
  const pids = electronPids(running);
  figures['memoryAtRestMb'] = pssMb(pids);
  const before = cpuMs(pids);
  await running.page.waitForTimeout(REST_MS);
  figures['cpuAtRestPercent'] = (100 * (cpuMs(pids) - before)) / REST_MS;
});

interface Moments {
  readonly stages: Record<string, number>;
  readonly changes: number;
}

declare global {
  interface Window {
    moments?: { stages: Record<string, number>; changes: number };
  }
}

/** From the click to the first event of each stage and to the first finished step, by the page's own clock. */
async function clickAndTime(page: Page, at: number): Promise<Moments> {
  await page.evaluate(() => {
    const moments: NonNullable<typeof window.moments> = { stages: {}, changes: 0 };
    window.moments = moments;
    let clicked = 0;
    addEventListener('click', () => (clicked = performance.now()), { capture: true, once: true });
    window.splitreel.onSliceChanged((change) => {
      moments.changes += 1;
      if (change.slice !== 'progress' || change.value === null) return;
      for (const { stage, status, completed } of change.value.videos[0]?.stages ?? []) {
        if (status !== 'waiting') moments.stages[stage] ??= performance.now() - clicked;
        if (stage === 'denoising' && completed > 0) moments.stages['firstStep'] ??= performance.now() - clicked;
      }
    });
  });
  await generateButton(page).click();
  await waitForJob(page, 'finished', at);
  return page.evaluate(() => window.moments ?? { stages: {}, changes: 0 });
}

test('from Generate to the first step, cold and warm; what progress costs', async ({ launch }) => {
  const running = await launch({ withEnvironment: true });
  const { page } = running;
  await fillForm(page, { ranks: 1, steps: STEPS, frames: 9 });
  await expect(generateButton(page)).toBeEnabled();
  const cold = await clickAndTime(page, 0);
  const pids = electronPids(running);
  const [cpu, began] = [cpuMs(pids), performance.now()];
  const warm = await clickAndTime(page, 1);
  const took = performance.now() - began;
  expect((await slices(page)).jobs).toHaveLength(2);
  for (const [name, { stages }] of Object.entries({ cold, warm })) {
    figures[`${name}ToEncodingMs`] = stages['encoding'] ?? Number.NaN;
    figures[`${name}ToDenoisingMs`] = stages['denoising'] ?? Number.NaN;
    figures[`${name}ToFirstStepMs`] = stages['firstStep'] ?? Number.NaN;
  }
  const atRest = ((figures['cpuAtRestPercent'] ?? 0) / 100) * took;
  figures['changesOfAJob'] = warm.changes;
  figures['cpuMsAChange'] = (cpuMs(pids) - cpu - atRest) / warm.changes;
});

test.afterAll(() => addFigures(figures));
