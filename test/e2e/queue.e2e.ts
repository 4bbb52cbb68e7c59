/** Around the queue: the computer stays awake, notifications can be clicked, and the queue can be paused. */
import type { ElectronApplication } from '@playwright/test';
import { expect, test } from './harness';
import { clickNotification, notifications, watchNotifications } from './notifications';
import { fillForm, generateButton, slices, waitForJob } from './steps';

const isKeptAwake = (app: ElectronApplication): Promise<boolean> =>
  app.evaluate(({ powerSaveBlocker }) => [0, 1, 2, 3].some((id) => powerSaveBlocker.isStarted(id)));

test('a queue pauses, frees memory and resumes; a finished job notifies, and a click opens its result', async ({
  launch,
}) => {
  const { app, page, screenshot } = await launch({ withEnvironment: true });
  await watchNotifications(app);
  // The first one takes long enough to pause the queue meanwhile.
  await fillForm(page, { prompt: 'a red ball rolls to the right', steps: 60 });
  await generateButton(page).click();
  await fillForm(page, { prompt: 'a green star spins', steps: 4 });
  await generateButton(page).click();
  await waitForJob(page, 'running', 0);
  await expect.poll(() => isKeptAwake(app)).toBe(true);
  await expect(page.getByText(/elapsed/)).toBeVisible();
  await page.getByRole('button', { name: 'Pause queue' }).click();
  await waitForJob(page, 'finished', 0);
  await page.getByRole('button', { name: 'Free GPU memory' }).click();
  await expect(page.getByText('GPU memory is free. The next video loads the model again.')).toBeVisible();
  await expect.poll(() => isKeptAwake(app)).toBe(false);
  expect((await slices(page)).jobs.at(1)?.state.status).toBe('queued');
  await screenshot('queue-paused');
  await page.getByRole('button', { name: 'Resume queue' }).click();
  await waitForJob(page, 'finished', 1);
  await expect
    .poll(() => notifications(app))
    .toEqual([
      { title: 'Your video is ready', body: 'a red ball rolls to the right' },
      { title: 'Your video is ready', body: 'a green star spins' },
    ]);
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await clickNotification(app, 0);
  await expect(page.getByLabel('The finished video: a red ball rolls to the right')).toBeVisible();
});
