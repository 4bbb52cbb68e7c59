/** From an empty form to a playing video that can be dragged out, on four real ranks. */
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, keepDrags, test } from './harness';
import {
  DEMO_SENTENCE,
  fillForm,
  generateButton,
  newestFile,
  probe,
  seenStages,
  slices,
  waitForJob,
  waitUntilShown,
  watchFor,
  watchStages,
} from './steps';

test('without a GPU or a downloaded model, one click on an example gives a ball that rolls to the right', async ({
  launch,
}) => {
  const { page, screenshot } = await launch({ withEnvironment: true });
  const sentence = 'a red ball rolls to the right on a blue background';
  expect(await controlsOf(page)).toEqual(FIRST_CONTROLS);
  await page.getByRole('button', { name: sentence, exact: true }).click();
  await generateButton(page).click();
  await waitForJob(page, 'finished');
  const video = page.getByRole('group', { name: 'Player' }).locator('video');
  await expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.currentTime)).toBeGreaterThan(0);
  const ballAt = (time: number) => video.evaluate(centreOfRed, time);
  const [first, last] = [await ballAt(0.01), await ballAt(2)];
  await screenshot('one-click');
  expect(first).toBeLessThan(0.45);
  expect(last).toBeGreaterThan(0.55);
});

/** All that the form offers a newcomer. A new control belongs behind one of the "More" buttons. */
const FIRST_CONTROLS = [
  'Prompt',
  'Examples',
  'Model',
  'Get a full-size model',
  'Size',
  'Width',
  'Height',
  'Frames',
  'Steps',
  'Guidance',
  'Seed',
  'New random seed',
  'Keep this seed',
  'Videos',
  'Recommended',
  'CPU workers',
  'Ulysses',
  'Ring',
  'CFG',
  'More ways to split',
  'Copy',
  'Run the same job in a terminal',
  'More settings',
  'Generate',
];

/** The names of the form's controls, from the top; of a group of choices, the group's. */
const controlsOf = (page: Page): Promise<readonly string[]> =>
  page.getByRole('complementary', { name: 'Video settings' }).evaluate((form) => {
    const textOf = (element: Element | null): string => {
      const copy = element?.cloneNode(true) as Element | undefined;
      copy?.querySelectorAll('kbd').forEach((keys) => keys.remove());
      return copy?.textContent.trim() ?? '';
    };
    const nameOf = (element: Element): string => {
      const label = document.getElementById(element.getAttribute('aria-labelledby') ?? '');
      const named = label ?? form.querySelector(`label[for="${element.id}"]`) ?? element;
      return element.getAttribute('aria-label') ?? textOf(named);
    };
    const found = [...form.querySelectorAll('button, input, select, textarea, [role="radio"]')];
    const shown = found.filter((element) => element.getClientRects().length > 0);
    return [...new Set(shown.map((each) => nameOf(each.closest('[role="radiogroup"], [role="group"]') ?? each)))];
  });

/** The position of red in the frame at a time, from 0 (left) to 1 (right). Runs in the page. */
async function centreOfRed(video: HTMLVideoElement, time: number): Promise<number> {
  video.pause();
  await new Promise((resolve) => {
    video.onseeked = resolve;
    video.currentTime = time;
  });
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  context.drawImage(video, 0, 0);
  const { data, width } = context.getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  let count = 0;
  for (let pixel = 0; pixel < data.length / 4; pixel += 1) {
    const [red = 0, , blue = 0] = data.slice(4 * pixel, 4 * pixel + 3);
    if (red < 150 || blue > 100) continue;
    sum += pixel % width;
    count += 1;
  }
  return sum / count / width;
}

test('a prompt becomes a playing video on four ranks, and the next job starts warm', async ({ launch }) => {
  const { app, page, screenshot } = await launch({ withEnvironment: true });
  await fillForm(page, { ranks: 4, steps: 12, frames: 17 });
  await page.getByRole('radio', { name: 'Ulysses 2' }).click();
  const cfg = page.getByRole('switch', { name: 'CFG' });
  if (!(await cfg.isChecked())) await cfg.click();
  await expect(page.getByText('2 × 1 × 2 = 4 of 4 CPU workers')).toBeVisible();
  await watchStages(page);
  const hadPreview = await watchFor(page, /^Preview of the unfinished video$/);
  await page.keyboard.press('Control+Enter');
  await waitUntilShown(hadPreview);
  await screenshot('denoising');
  await waitForJob(page, 'finished');

  const stages = await seenStages(page);
  expect(stages.map(({ stage }) => stage)).toEqual([
    'starting',
    'loading',
    'optimizing',
    'encoding',
    'denoising',
    'decoding',
    'writing',
  ]);
  const count = (name: string) => stages.find(({ stage }) => stage === name);
  expect(count('starting')).toMatchObject({ completed: 4, total: 4 });
  expect(count('loading')?.total).toBeGreaterThan(4_000_000);
  expect(count('denoising')).toMatchObject({ completed: 12, total: 12 });
  expect(count('writing')).toMatchObject({ completed: 17, total: 17 });

  const video = page.getByRole('group', { name: 'Player' }).locator('video');
  await expect(video).toBeVisible();
  const time = () => video.evaluate((element: HTMLVideoElement) => element.currentTime);
  await video.evaluate((element: HTMLVideoElement) => element.play());
  await expect.poll(time).toBeGreaterThan(0.3);
  await video.evaluate((element: HTMLVideoElement) => element.pause());
  // The player handles keys unless a control of the form has the focus.
  await page.getByRole('button', { name: 'Play', exact: true }).focus();
  await page.keyboard.press('End');
  await expect(page.getByText('frame 17 of 17')).toBeVisible();
  await expect.poll(time).toBeGreaterThan(1.9);
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByText('frame 16 of 17')).toBeVisible();
  await screenshot('finished');

  const file = await newestFile(page);
  expect(probe(file)).toMatchObject({
    codec_name: 'h264',
    width: 96,
    height: 64,
    r_frame_rate: '8/1',
    nb_read_frames: '17',
  });

  const [first] = (await slices(page)).jobs;
  const readBack = await page.evaluate((asked) => window.splitreel.readVideoSettings({ path: asked }), file);
  expect(readBack).toMatchObject({
    ok: true,
    value: { request: first?.request, plan: first?.plan, approximate: false },
  });

  const dragged = await keepDrags(app);
  await page.getByRole('button', { name: 'Drag out' }).dispatchEvent('dragstart');
  await expect.poll(dragged).toEqual({ file, hasIcon: true });
  expect(path.basename(file)).toMatch(/^a-red-ball-rolls.*\.mp4$/);

  await page.getByRole('spinbutton', { name: 'Seed' }).fill('43');
  await watchStages(page);
  await generateButton(page).click();
  await waitForJob(page, 'finished', 1);
  const [, second] = (await slices(page)).jobs;
  expect(second?.state.status === 'finished' && second.state.report.weightBytesRead).toBe(0);
  expect((await seenStages(page)).find(({ stage }) => stage === 'loading')?.total ?? 0).toBe(0);

  await page.getByRole('button', { name: 'Library' }).click();
  await expect(page.getByText('2 videos')).toBeVisible();
  await expect(page.getByText(DEMO_SENTENCE).first()).toBeVisible();
  await screenshot('library');
});
