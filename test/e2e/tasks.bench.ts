/** The longest tasks of the page and of the main process in each scenario. Asserts nothing about time. */
import type { Page } from '@playwright/test';
import { request } from '../fakes/request';
import { addFigures } from './figures';
import { expect, test, type RunningApp } from './harness';
import { fillHistory, fillLibrary, fillQueue, JOBS, longPrompt, makeDataFolder, VIDEOS } from './large';
import { slices } from './steps';
import { longestTasks, traceStart, traceTasks } from './tasks';

const LONGEST_MS = 600_000;
const figures: Record<string, number> = {};

/** Adds what the longest tasks of a scenario took. */
async function record(running: RunningApp, name: string, run: () => Promise<unknown>): Promise<void> {
  add(name, longestTasks(await traceTasks(running.app, run)));
}

function add(name: string, { page, main }: ReturnType<typeof longestTasks>): void {
  figures[`${name}PageTaskCpuMs`] = page.cpuMs;
  figures[`${name}PageTaskMs`] = page.wallMs;
  figures[`${name}MainTaskCpuMs`] = main.cpuMs;
  figures[`${name}MainTaskMs`] = main.wallMs;
}

/** Resolves once everything that the last action started has been drawn. */
const settle = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const idle = () => new Promise((resolve) => requestIdleCallback(resolve));
    for (let time = 0; time < 5; time += 1) await idle();
  });

const openPage = async (page: Page, name: string): Promise<void> => {
  await page.getByRole('navigation').getByRole('button', { name, exact: true }).click();
  await expect(page.getByRole('navigation').getByRole('button', { name, exact: true })).toHaveAttribute(
    'aria-current',
    'page',
  );
  await settle(page);
};

test('an app full of videos, jobs and prompts', async ({ launch }) => {
  test.setTimeout(LONGEST_MS);
  const dataFolder = makeDataFolder();
  fillLibrary(dataFolder);
  fillQueue(dataFolder, request());
  fillHistory(dataFolder);
  add('launch', longestTasks(await traceStart(dataFolder)));
  const running = await launch({ dataFolder });
  const { page } = running;
  await expect.poll(async () => (await slices(page)).library.length, { timeout: 120_000 }).toBe(VIDEOS);
  expect((await slices(page)).jobs).toHaveLength(JOBS);
  const ids = (await slices(page)).library.slice(0, 500).map(({ id }) => id);
  await record(running, 'reload', async () => {
    await page.reload();
    await expect(page.getByRole('navigation')).toBeVisible();
    await settle(page);
  });
  for (const name of ['Library', 'Models', 'Machine', 'Settings', 'Create'])
    await record(running, `open${name}`, () => openPage(page, name));
  await record(running, 'typePrompt', async () => {
    await page.getByLabel('Prompt', { exact: true }).focus();
    await page.keyboard.type(longPrompt(200));
    await page.keyboard.insertText(longPrompt(1_600));
    await page.keyboard.type(longPrompt(200));
    await settle(page);
  });
  await record(running, 'palette', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('history');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('combobox', { name: 'Search prompts' })).toBeFocused();
    await settle(page);
  });
  await record(running, 'history', async () => {
    await page.keyboard.type('sun sets');
    for (let time = 0; time < 5; time += 1) await page.keyboard.press('ArrowDown');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await settle(page);
  });
  await record(running, 'queue', async () => {
    await page.evaluate(() => window.splitreel.moveJob({ jobId: 'job-7', toIndex: 2_500 }));
    await page.evaluate(() => window.splitreel.cancelJob({ jobId: 'job-9' }));
    await page.evaluate(() => window.splitreel.removeJob({ jobId: 'job-9' }));
    await settle(page);
  });
  await openPage(page, 'Library');
  await record(running, 'searchLibrary', async () => {
    await page.getByRole('searchbox').fill('take 99');
    await settle(page);
    await page.getByRole('searchbox').fill('');
    await settle(page);
  });
  await record(running, 'selectAll', async () => {
    await page
      .locator('[data-video-id]')
      .first()
      .click({ modifiers: ['Control'] });
    await page.keyboard.press('Control+a');
    await settle(page);
    await page.keyboard.press('Escape');
    await settle(page);
  });
  await record(running, 'markVideos', async () => {
    await page.evaluate((videoIds) => window.splitreel.markVideos({ videoIds, change: { rating: 3 } }), ids);
    await settle(page);
  });
});

test.afterAll(() => addFigures(figures));
