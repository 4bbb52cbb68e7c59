/** Screenshots of every page and state, by size and theme, to look at: `npm run screenshots`. */
import type { Page } from '@playwright/test';
import { expect, test } from './harness';
import { resize, setTheme, SIZES, THEMES } from './looks';
import { DEMO_SENTENCE, fillForm, generateButton, slices, waitForJob, waitForStep } from './steps';

const PLACES = ['Create', 'Library', 'Models', 'Machine', 'Settings'] as const;
const LONGEST = 'a small orange star that moves slowly from the upper left to the lower right and spins, '.repeat(14);

const goTo = (page: Page, place: string) => page.getByRole('button', { name: place, exact: true }).click();

test('a first start, in both themes', async ({ launch }) => {
  const running = await launch();
  await expect(running.page.getByRole('button', { name: 'Install' })).toBeVisible();
  for (const theme of THEMES) {
    await setTheme(running.page, theme);
    await running.screenshot(`first-start-${theme}`);
  }
});

test('empty pages, at 900x600, 1280x800, 1920x1080', async ({ launch }) => {
  const running = await launch({ withEnvironment: true, gpus: '8' });
  const { page } = running;
  await expect.poll(async () => (await slices(page)).machine.gpus.length).toBe(8);
  for (const [width, height] of SIZES) {
    await resize(running, width, height);
    for (const theme of THEMES) {
      await setTheme(page, theme);
      for (const place of PLACES) {
        await goTo(page, place);
        await page.waitForTimeout(150);
        await running.screenshot(`empty-${place.toLowerCase()}-${String(width)}-${theme}`);
      }
    }
  }
});

test('eight GPUs: a plan, a blocked value and its reason, the longest prompt', async ({ launch }) => {
  const running = await launch({ withEnvironment: true, gpus: '8' });
  const { page } = running;
  await setTheme(page, 'dark');
  await page.getByLabel('Prompt', { exact: true }).fill(DEMO_SENTENCE);
  await page.getByRole('heading', { name: 'Parallelism' }).scrollIntoViewIfNeeded();
  await page.getByRole('radio', { name: 'Ulysses 2' }).click();
  await page.getByRole('radio', { name: 'Ulysses 5' }).hover();
  await page.waitForTimeout(600);
  await running.screenshot('blocked-1280-dark');
  await page.getByRole('button', { name: 'More ways to split' }).click();
  await page.getByRole('radio', { name: 'PipeFusion 2' }).click();
  await page.waitForTimeout(300);
  await running.screenshot('more-ways-1280-dark');
  await page.getByRole('textbox', { name: 'Run the same job in a terminal' }).scrollIntoViewIfNeeded();
  await running.screenshot('command-line-1280-dark');
  await page.getByRole('button', { name: 'More settings' }).click();
  await page.getByRole('button', { name: 'More settings' }).scrollIntoViewIfNeeded();
  await running.screenshot('more-settings-1280-dark');
  await page.getByLabel('Prompt', { exact: true }).fill(LONGEST);
  await page.getByLabel('Prompt', { exact: true }).scrollIntoViewIfNeeded();
  await page.waitForTimeout(1_500);
  await running.screenshot('longest-prompt-1280-dark');
});

test('at 200 %', async ({ launch }) => {
  const running = await launch({ withEnvironment: true, gpus: 'mixed', scale: 2 });
  await resize(running, 1920, 1080);
  await setTheme(running.page, 'dark');
  await running.screenshot('scaled-create-dark');
  await goTo(running.page, 'Machine');
  await running.screenshot('scaled-machine-dark');
});

test('a machine whose driver is missing, too old, or not responding', async ({ launch }) => {
  for (const gpus of ['none', 'old', 'hang', 'garbage'] as const) {
    const running = await launch({ withEnvironment: true, gpus });
    await goTo(running.page, 'Machine');
    await running.page.waitForTimeout(gpus === 'hang' ? 9_000 : 1_500);
    await running.screenshot(`machine-${gpus}`);
  }
});

test('a video during its job, finished, and in the library; a queue; a failed job', async ({ launch }) => {
  const running = await launch({ withEnvironment: true });
  const { page } = running;
  await setTheme(page, 'dark');
  await fillForm(page, { ranks: 4, steps: 25, frames: 17 });
  await page.getByRole('radio', { name: 'Ulysses 2' }).click();
  await generateButton(page).click();
  await waitForStep(page, 17);
  await page.waitForTimeout(400);
  await running.screenshot('denoising-1280-dark');
  await waitForJob(page, 'finished');
  await page.waitForTimeout(700);
  await running.screenshot('finished-1280-dark');
  await page.getByRole('button', { name: 'Details' }).click();
  await running.screenshot('details-1280-dark');
  for (const prompt of [
    'a green star spins on a white background',
    'a small yellow triangle falls on a purple background',
  ]) {
    await fillForm(page, { prompt, ranks: 2, steps: 25, frames: 17 });
    await generateButton(page).click();
  }
  await fillForm(page, { prompt: LONGEST, ranks: 2, steps: 25, frames: 17 });
  await generateButton(page).click();
  await waitForStep(page, 5);
  await running.screenshot('queue-1280-dark');
  await resize(running, 900, 600);
  await running.screenshot('queue-900-dark');
  await waitForJob(page, 'finished', 3);
  await page.waitForTimeout(700);
  await running.screenshot('finished-900-dark');
  await resize(running, 1280, 800);
  await setTheme(page, 'light');
  await running.screenshot('finished-1280-light');
  await goTo(page, 'Library');
  await page.waitForTimeout(1_500);
  await running.screenshot('library-1280-light');
  await setTheme(page, 'dark');
  await running.screenshot('library-1280-dark');
});
