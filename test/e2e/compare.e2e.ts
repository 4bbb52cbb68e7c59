/** Several videos of one job: they appear in a grid, are compared, discarded and restored, and one is finished. */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { answerFolderDialog, expect, test } from './harness';
import { fillForm, newestFile, slices, waitForJob, waitUntilShown, watchFor } from './steps';

test('drafts appear in a grid, two are compared in sync, one is finished, and a discard is undone', async ({
  launch,
}) => {
  const { app, page, dataFolder, screenshot } = await launch({ withEnvironment: true });
  await fillForm(page, { ranks: 4, steps: 25, frames: 9 });
  await page.getByRole('button', { name: 'Variations' }).click();
  await screenshot('variations-workers');
  const hadPreview = await watchFor(page, /^seed \d+, Preview after step/);
  await page.getByRole('menuitem', { name: /^4 drafts at once, one on each CPU worker/ }).click();
  await waitUntilShown(hadPreview);
  await screenshot('drafts-forming');
  await waitForJob(page, 'finished');
  const results = page.getByRole('list', { name: 'Results' });
  await expect(results.locator('video')).toHaveCount(4);
  const [job] = (await slices(page)).jobs;
  expect(job).toMatchObject({ plan: { dp: 4 }, request: { videoCount: 4, numInferenceSteps: 10 } });
  await results.getByRole('listitem').first().hover();
  await screenshot('drafts-ready');

  await results
    .getByRole('button', { name: /^Discard: seed/ })
    .first()
    .click();
  await expect(results.locator('video')).toHaveCount(3);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(results.locator('video')).toHaveCount(4);

  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  const comparison = page.getByRole('region', { name: 'Comparison' });
  await expect(comparison.locator('video')).toHaveCount(4);
  await expect(page.getByRole('region', { name: 'Differences' }).getByRole('row')).toHaveCount(2);
  await screenshot('compare-four');
  for (const name of ['Remove C', 'Remove C']) await comparison.getByRole('button', { name }).click();
  await comparison.getByRole('button', { name: 'Pause' }).click();
  for (const key of ['Home', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
  await expect(comparison.getByText('frame 3 of 9')).toBeVisible();
  const times = () =>
    comparison.locator('video').evaluateAll((all: HTMLVideoElement[]) => all.map((one) => one.currentTime));
  await expect.poll(async () => new Set(await times()).size).toBe(1);
  await page.keyboard.press('w');
  await page.keyboard.press('+');
  await screenshot('compare-wipe');
  await page.keyboard.press('d');
  await screenshot('compare-difference');

  const file = path.join(dataFolder, 'outside.mp4');
  copyFileSync(await newestFile(page), file);
  await answerFolderDialog(app, file);
  await comparison.getByRole('button', { name: 'Add a file' }).click();
  await expect(comparison.locator('video')).toHaveCount(3);
  const guest = comparison.locator('video').last();
  await expect.poll(() => guest.evaluate((video: HTMLVideoElement) => video.readyState)).toBeGreaterThan(1);
  await comparison.getByRole('button', { name: 'Close comparison' }).click();

  await results
    .getByRole('button', { name: /^Finish: seed/ })
    .nth(1)
    .click();
  await waitForJob(page, 'finished', 1);
  const finished = (await slices(page)).jobs.at(1)?.request;
  expect(finished).toMatchObject({ seed: (job?.request.seed ?? 0) + 1, videoCount: 1 });
  expect(finished?.numInferenceSteps).toBeGreaterThan(10);
});

test('every command can be reached by name, and pages by their shortcuts', async ({ launch }) => {
  const { page, screenshot } = await launch({ withEnvironment: true });
  await page.getByLabel('Prompt', { exact: true }).focus();
  await page.keyboard.press('Control+k');
  await screenshot('palette');
  await page.keyboard.type('theme light');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await slices(page)).settings.theme).toBe('light');
  await page.keyboard.press('Control+4');
  await expect(page.getByRole('heading', { name: 'Machine', level: 1 })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('history');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'Search prompts' })).toBeFocused();
});
