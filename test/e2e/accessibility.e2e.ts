/** Runs axe on every page in both themes: names, roles, contrast, order. */
import type { Page } from '@playwright/test';
import { broken } from './axe';
import { expect, test } from './harness';
import { fillForm, generateButton, slices, waitForJob } from './steps';

const PAGES = ['Create', 'Library', 'Models', 'Machine', 'Settings'] as const;

async function everywhere(page: Page, what: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [index, pageName] of PAGES.entries()) {
    await page.getByRole('navigation').getByRole('button').nth(index).click();
    found.push(...(await broken(page, `${what}, ${pageName}`)));
  }
  return found;
}

test('axe finds nothing from the first start to a finished video', async ({ launch }) => {
  const first = await launch();
  expect(await everywhere(first.page, 'first start')).toEqual([]);
  await first.app.close();

  const { page } = await launch({ withEnvironment: true });
  await fillForm(page, { steps: 1 });
  await generateButton(page).click();
  await waitForJob(page, 'finished');
  expect(await everywhere(page, 'with a video')).toEqual([]);
  await page.getByRole('button', { name: 'Machine', exact: true }).click();
  await page.getByRole('button', { name: 'Check this computer' }).click();
  await page.getByRole('button', { name: 'Calculate sizes' }).click();
  await expect.poll(async () => (await slices(page)).doctor.status, { timeout: 120_000 }).toBe('done');
  expect(await broken(page, 'Machine, checked')).toEqual([]);
  await page.getByRole('button', { name: 'Remove', exact: true }).first().click();
  await expect(page.getByRole('dialog')).toBeVisible();
  expect(await broken(page, 'a question')).toEqual([]);
});

test("axe finds nothing with eight GPUs and a plan's diagram", async ({ launch }) => {
  const { page } = await launch({ withEnvironment: true, gpus: '8' });
  await expect.poll(async () => (await slices(page)).machine.gpus.length).toBe(8);
  expect(await everywhere(page, 'eight GPUs')).toEqual([]);
});

test('axe finds nothing in Chinese', async ({ launch }) => {
  const { page } = await launch({ withEnvironment: true, locale: 'zh_CN.UTF-8' });
  expect(await everywhere(page, 'in Chinese')).toEqual([]);
});
