/** The Python environment from nothing, by the window alone: told first, installed, replaced, taken back. */
import type { Page } from '@playwright/test';
import { expect, test } from './harness';
import { fillForm, generateButton, slices, waitForJob } from './steps';

const INSTALL_MS = 400_000;

async function makeVideo(page: Page, at: number): Promise<void> {
  await page.getByRole('button', { name: 'Create' }).click();
  await fillForm(page, { steps: 4 });
  await generateButton(page).click();
  await waitForJob(page, 'finished', at);
}

async function readySlot(page: Page, other: string | null = null): Promise<string> {
  const slot = async (): Promise<string> => {
    const { environment } = await slices(page);
    if (environment.status === 'failed') throw new Error(JSON.stringify(environment.error));
    return environment.status === 'ready' && environment.slot !== other ? environment.slot : '';
  };
  await expect.poll(slot, { timeout: INSTALL_MS, intervals: [500] }).not.toBe('');
  return slot();
}

test('a first start says what it takes, installs it, makes a video; a new slot can be taken back', async ({
  launch,
}) => {
  test.setTimeout(2 * INSTALL_MS);
  const { page, screenshot } = await launch({ withPackageCache: true });
  await expect(page.getByText(/^To download: /)).toBeVisible();
  await expect(page.getByText(/ free in /)).toBeVisible();
  await screenshot('environment-told');
  await page.getByRole('button', { name: 'Install', exact: true }).click();
  await expect(page.getByText('Setting up the engine')).toBeVisible();
  const first = await readySlot(page);
  await makeVideo(page, 0);

  await page.getByRole('button', { name: 'Machine' }).click();
  await page.getByRole('button', { name: 'Install again' }).scrollIntoViewIfNeeded();
  await screenshot('environment-machine');
  await page.getByRole('button', { name: 'Install again' }).click();
  const second = await readySlot(page, first);
  // The one before stays until the new one has made a video: until then one click goes back.
  await page.getByRole('button', { name: 'Back to the one before' }).click();
  expect(await readySlot(page, second)).toBe(first);
  await makeVideo(page, 1);
  expect((await slices(page)).library).toHaveLength(2);
});
