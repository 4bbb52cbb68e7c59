/** Around the queue: the computer stays awake, notifications can be clicked, and the queue can be paused. */
import type { ElectronApplication } from '@playwright/test';
import { expect, test } from './harness';
import { fillForm, generateButton, slices, waitForJob } from './steps';

interface Shown {
  readonly title: string;
  readonly body: string;
}

/** No notification daemon runs here: records each notification that listens for clicks, so that the test can click it. */
const watchNotifications = (app: ElectronApplication): Promise<void> =>
  app.evaluate(({ Notification, BrowserWindow }) => {
    const shown: NodeJS.EventEmitter[] = [];
    Object.assign(globalThis, { shown });
    Notification.isSupported = () => true;
    // Every emitter of the main process inherits from the one that `process` does.
    const EventEmitter = Object.getPrototypeOf(Object.getPrototypeOf(process)) as NodeJS.EventEmitter;
    const listen = EventEmitter.on;
    EventEmitter.on = function on(this: NodeJS.EventEmitter, name, listener) {
      if (name === 'click') shown.push(this);
      return listen.call(this, name, listener);
    };
    for (const window of BrowserWindow.getAllWindows()) window.isFocused = () => false;
  });

const notifications = (app: ElectronApplication): Promise<readonly Shown[]> =>
  app.evaluate(() => (globalThis as unknown as { shown: Shown[] }).shown.map(({ title, body }) => ({ title, body })));

const isKeptAwake = (app: ElectronApplication): Promise<boolean> =>
  app.evaluate(({ powerSaveBlocker }) => [0, 1, 2, 3].some((id) => powerSaveBlocker.isStarted(id)));

test('a queue pauses, frees memory and resumes; a finished job notifies, and a click opens its result', async ({
  launch,
}) => {
  const { app, page, screenshot } = await launch({ withEnvironment: true });
  await watchNotifications(app);
  for (const prompt of ['a red ball rolls to the right', 'a green star spins']) {
    await fillForm(page, { prompt, steps: 4 });
    await generateButton(page).click();
  }
  await waitForJob(page, 'running', 0);
  expect(await isKeptAwake(app)).toBe(true);
  await expect(page.getByText(/elapsed/)).toBeVisible();
  await page.getByRole('button', { name: 'Pause queue' }).click();
  await waitForJob(page, 'finished', 0);
  await page.getByRole('button', { name: 'Free GPU memory' }).click();
  await expect(page.getByText('GPU memory is free. The next video loads the model again.')).toBeVisible();
  expect(await isKeptAwake(app)).toBe(false);
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
  await app.evaluate(() => (globalThis as unknown as { shown: NodeJS.EventEmitter[] }).shown[0]?.emit('click'));
  await expect(page.getByLabel('The finished video: a red ball rolls to the right')).toBeVisible();
});
