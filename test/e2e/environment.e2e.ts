/** The Python environment in the window, from nothing: estimated, installed, replaced, rolled back, moved. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { answerFolderDialog, expect, test } from './harness';
import { countClicks, fillForm, generateButton, INSTALL_MS, readySlot, slices, waitForJob } from './steps';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const run = promisify(execFile);

async function makeVideo(page: Page, at: number): Promise<void> {
  await page.getByRole('button', { name: 'Create' }).click();
  await fillForm(page, { steps: 4 });
  await generateButton(page).click();
  await waitForJob(page, 'finished', at);
}

/** From the first window to the first playing video. */
const MAX_FIRST_CLICKS = 3;

const isPlaying = (page: Page): Promise<void> => {
  const video = page.getByRole('group', { name: 'Player' }).locator('video');
  return expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.currentTime)).toBeGreaterThan(0);
};

test('a first start needs three clicks from the download to a playing video; a new slot can be rolled back', async ({
  launch,
}) => {
  test.setTimeout(2 * INSTALL_MS);
  const { page, screenshot } = await launch({ withPackageCache: true });
  const clicks = await countClicks(page);
  await expect(page.getByText(/packages$|already downloaded$/)).toBeVisible();
  await expect(page.getByText(/ needed, .* free/)).toBeVisible();
  await screenshot('environment-told');
  await page.getByRole('button', { name: 'Install', exact: true }).click();
  await expect(page.getByText('Setting up the engine')).toBeVisible();
  const first = await readySlot(page);
  await page.getByRole('group', { name: 'Examples' }).getByRole('button').first().click();
  await generateButton(page).click();
  await waitForJob(page, 'finished', 0);
  await isPlaying(page);
  expect(await clicks()).toBeLessThanOrEqual(MAX_FIRST_CLICKS);

  await page.getByRole('button', { name: 'Machine' }).click();
  await page.getByRole('button', { name: 'Repair' }).scrollIntoViewIfNeeded();
  await screenshot('environment-machine');
  await page.getByRole('button', { name: 'Repair' }).click();
  const second = await readySlot(page, first);
  // The previous slot stays until the new one has generated a video; until then one click rolls back.
  await page.getByRole('button', { name: 'Roll back to previous version' }).click();
  expect(await readySlot(page, second)).toBe(first);
  await makeVideo(page, 1);
  expect((await slices(page)).library).toHaveLength(2);
});

test('a computer without a network is set up from a folder; the moved environment still generates videos', async ({
  launch,
}) => {
  test.setTimeout(2 * INSTALL_MS);
  const cache = process.env['SPLITREEL_E2E_CACHE'] ?? '';
  const bundle = path.join(cache, 'bundle');
  // As the README says to run on a computer with a network; wheels from an earlier run are reused.
  await run(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'bundle', bundle, '--variant', 'cpu'], {
    cwd: ROOT,
    env: { ...process.env, SPLITREEL_DATA: path.join(cache, 'unused') },
  });
  const { app, page, dataFolder, screenshot } = await launch({ isOffline: true });
  const machine = () => page.getByRole('button', { name: 'Machine' }).click();

  await test.step('a folder that is not a bundle is refused with a message', async () => {
    await machine();
    await answerFolderDialog(app, dataFolder);
    await page.getByRole('button', { name: 'Install from a folder' }).click();
    await expect(page.getByText(/isn't a complete bundle/)).toBeVisible();
    await screenshot('environment-no-bundle');
  });
  await test.step('another folder is chosen before the first install', async () => {
    const chosen = path.join(dataFolder, 'chosen');
    mkdirSync(chosen);
    await answerFolderDialog(app, chosen);
    await page.getByRole('button', { name: 'Choose another folder' }).click();
    await expect(page.getByText(`${chosen}/splitreel/environment`)).toBeVisible();
  });
  await answerFolderDialog(app, bundle);
  await page.getByRole('button', { name: 'Install from a folder' }).click();
  const slot = await readySlot(page);
  await makeVideo(page, 0);

  await test.step('the environment is moved', async () => {
    const other = path.join(dataFolder, 'another disk, perhaps with a rather long name ü');
    mkdirSync(other);
    await machine();
    await page.getByRole('button', { name: 'Calculate sizes' }).click();
    await answerFolderDialog(app, '/proc');
    await page.getByRole('button', { name: 'Move: Python environment' }).click();
    await expect(page.getByText(/Splitreel can't write to/)).toBeVisible();
    await answerFolderDialog(app, other);
    await page.getByRole('button', { name: 'Move: Python environment' }).click();
    await expect(page.getByText(new RegExp(`${other}/splitreel/environment`)).first()).toBeVisible();
    await screenshot('environment-moved');
    expect(await readySlot(page)).toBe(slot);
    await expect.poll(() => existsSync(path.join(dataFolder, 'chosen', 'splitreel', 'environment'))).toBe(false);
    expect(existsSync(path.join(dataFolder, 'chosen', 'splitreel', 'downloads'))).toBe(true);
    expect(existsSync(path.join(other, 'splitreel', 'environment', 'slots', slot))).toBe(true);
  });
  await makeVideo(page, 1);
});
