/** The pictures in docs/pictures, but for the story's: `npm run screenshots -- docs` takes them, in the folder it names. */
import type { Page } from '@playwright/test';
import { expect, test, type RunningApp } from './harness';
import { resize, setTheme } from './looks';
import { fillForm, generateButton, slices, waitForJob, waitForStep } from './steps';

const openPage = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const opener = (page: Page, prompt: string) => page.getByRole('button', { name: `Open: ${prompt}`, exact: true });

/** Scrolls the form. */
const toTop = (page: Page, heading: string) =>
  page.getByRole('heading', { name: heading }).evaluate((element) => element.scrollIntoView());

async function prepare(running: RunningApp, height = 800): Promise<void> {
  await resize(running, 1280, height);
  await setTheme(running.page, 'dark');
}

test('a first start', async ({ launch }) => {
  const running = await launch();
  await prepare(running);
  await expect(running.page.getByRole('button', { name: 'Install' })).toBeVisible();
  await running.screenshot('first-start');
});

test('eight GPUs', async ({ launch }) => {
  const running = await launch({ withEnvironment: true, gpus: '8' });
  const { page } = running;
  await prepare(running, 960);
  await page.getByLabel('Prompt', { exact: true }).fill('A lighthouse on a cliff while waves break below');
  await page.getByRole('button', { name: 'More ways to split' }).click();
  await page.getByRole('radio', { name: 'PipeFusion 2' }).click();
  await page.getByRole('radio', { name: 'Ulysses 2' }).click();
  await toTop(page, 'Parallelism');
  await running.screenshot('eight-gpus');
  await resize(running, 1280, 800);
  await openPage(page, 'Machine');
  await expect.poll(async () => (await slices(page)).machine.gpus.length).toBe(8);
  await running.screenshot('machine');
});

const OTHERS = [
  'a green star spins on a white background',
  'a small yellow triangle falls on a purple background',
  'a white square slides to the left on a black background',
  'a large orange ball bounces on a green background',
] as const;

test('a video during its job, finished, and in the library; a comparison of drafts', async ({ launch }) => {
  const running = await launch({ withEnvironment: true });
  const { page } = running;
  await prepare(running);
  await fillForm(page, { ranks: 4, steps: 25, frames: 17 });
  await page.getByRole('radio', { name: 'Ulysses 2' }).click();
  await toTop(page, 'Parallelism');
  await generateButton(page).click();
  await waitForStep(page, 18);
  await expect(page.getByRole('img', { name: 'Preview of the unfinished video' })).toBeVisible();
  await running.screenshot('making');
  await waitForJob(page, 'finished');
  await page.getByLabel('Prompt', { exact: true }).scrollIntoViewIfNeeded();
  await page.waitForTimeout(700);
  await running.screenshot('finished');

  for (const [index, prompt] of OTHERS.entries()) {
    await fillForm(page, { prompt, ranks: 2, steps: 25, frames: 17 });
    await generateButton(page).click();
    await waitForJob(page, 'finished', index + 1);
  }
  await openPage(page, 'Library');
  await opener(page, OTHERS[0]).focus();
  await page.keyboard.press('f');
  await page.keyboard.press('5');
  await opener(page, OTHERS[2]).focus();
  await page.keyboard.press('3');
  await page.keyboard.press('t');
  await page.keyboard.type('calm');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await opener(page, OTHERS[2]).blur();
  await page.waitForTimeout(700);
  await running.screenshot('library');

  await openPage(page, 'Create');
  await fillForm(page, {
    prompt: 'a blue ball rolls to the right on a white background',
    ranks: 4,
    steps: 25,
    frames: 17,
  });
  await page.getByRole('button', { name: 'Variations' }).click();
  await page.getByRole('menuitem', { name: /^4 drafts at once/ }).click();
  await waitForJob(page, 'finished', OTHERS.length + 1);
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.waitForTimeout(700);
  await running.screenshot('comparison');
});
