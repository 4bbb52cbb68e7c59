/**
 * One video's story in one app: drafts with a LoRA, a comparison, a full-size video, another from its last frame,
 * exports, a drag, and a continuation whose join is interrupted by a kill. After the restart, everything is still there.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import {
  answerFolderDialog,
  expect,
  freezeCommand,
  keepDrags,
  killApp,
  signal,
  test,
  type RunningApp,
} from './harness';
import { DEMO_SENTENCE, fillForm, generateButton, newestFile, probe, slices, waitForJob } from './steps';
import { broken } from './axe';
import { writeLora } from './lora';
import * as story from './story';

const { IMMEDIATE } = story;
async function addLora({ app, page }: RunningApp, file: string): Promise<void> {
  await answerFolderDialog(app, file);
  await page.getByRole('button', { name: 'More settings' }).click();
  await page.getByRole('button', { name: 'Add a LoRA' }).click();
  await page.getByLabel('Strength of style').fill('0.5');
}

/** Cancels an export, exports a GIF, and drags the video out. */
async function takeOut(running: RunningApp, folder: string): Promise<string> {
  const { app, page } = running;
  mkdirSync(folder);
  const canceled = await story.openExport(running, IMMEDIATE, 'hevc', path.join(folder, 'canceled.mp4'));
  await canceled.getByLabel('Motion').selectOption('60');
  await canceled.getByLabel('Size').selectOption('2');
  // Stopped, so that it is still running when it is canceled.
  const frozen = freezeCommand(running, 'export');
  await story.startExport(canceled, IMMEDIATE);
  const exporting = await frozen;
  await canceled.getByRole('button', { name: 'Cancel' }).click();
  signal(exporting, 'SIGCONT');
  await expect.poll(async () => (await slices(page)).exports).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);

  const gif = path.join(folder, 'ball.gif');
  await story.exportGif(running, IMMEDIATE, gif);
  expect(probe(gif)).toMatchObject({ codec_name: 'gif', width: 96, height: 64, nb_read_frames: '17' });
  expect(readdirSync(folder)).toEqual(['ball.gif']);

  const { library, jobs, about } = await slices(page);
  const finished = jobs[1]?.state.status === 'finished' ? jobs[1].state.videoIds[0] : undefined;
  const video = library.find(({ id }) => id === finished);
  const dragged = await keepDrags(app);
  await page.getByRole('button', { name: 'Drag out' }).dispatchEvent('dragstart');
  await expect.poll(dragged).toEqual({ file: path.join(about.videosFolder, video?.fileName ?? ''), hasIcon: true });
  return gif;
}

/** Uses the shown frame again, after an undo. */
async function takeFrameByKey(page: Page): Promise<void> {
  const frame = page.getByRole('img', { name: 'First frame, as the model sees it' });
  await page.keyboard.press('Control+z');
  await expect(frame).toHaveCount(0);
  await page.keyboard.press('i');
  await expect(frame).toBeVisible();
}

/** Makes one video from the frame in the form, and one from a cropped image of another shape. */
async function makeFromImages({ app, page, dataFolder, screenshot }: RunningApp): Promise<void> {
  await expect(page.getByRole('button', { name: /-frame-17\.png$/ })).toBeVisible();
  await page.getByLabel('Steps').fill('2');
  await generateButton(page).click();
  await expect.poll(async () => (await slices(page)).jobs.length).toBe(3);
  await answerFolderDialog(app, path.join(dataFolder, 'wide.png'));
  await page.getByRole('button', { name: /-frame-17\.png$/ }).click();
  await expect(page.getByText(/120 × 40, cropped to/)).toBeVisible();
  await page.getByRole('slider', { name: 'Which part to keep' }).press('Home');
  await screenshot('first-frame');
  expect(await broken(page, 'first frame')).toEqual([]);
  await generateButton(page).click();
  await waitForJob(page, 'finished', 2);
  await waitForJob(page, 'finished', 3);
  const { request } = (await slices(page)).library[0]?.metadata ?? {};
  expect(request).toMatchObject({ imageFit: 'crop', imagePosition: 0, loras: [] });
}

/** Continues the newest video, and kills the app while the finished new part is joined to it. */
async function continueAndKill(running: RunningApp): Promise<number> {
  const { page, screenshot } = running;
  await page.getByRole('list', { name: 'Recent videos' }).getByRole('button').first().click();
  const frames = Number(probe(await newestFile(page)).nb_read_frames);
  const { videosFolder } = (await slices(page)).about;
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await expect(page.getByText(/: the new part is joined to it, and both files are kept\.$/)).toBeVisible();
  await screenshot('continue');
  expect(await broken(page, 'continue')).toEqual([]);
  // The same with its key.
  await page.keyboard.press('Control+z');
  await expect(page.getByText(/: the new part is joined to it/)).toHaveCount(0);
  await page.keyboard.press('n');
  await expect(page.getByText(/: the new part is joined to it/)).toBeVisible();
  const frozen = freezeCommand(running, 'join');
  await generateButton(page).click();
  const joining = await frozen;
  await killApp(running);
  signal(joining, 'SIGKILL');
  expect(readdirSync(videosFolder).filter((name) => name.includes('-continued'))).toEqual([]);
  return frames;
}

test('a sentence, four drafts, one finished and taken further; everything is still there after a restart', async ({
  launch,
}) => {
  const running = await launch({ withEnvironment: true });
  const { page, dataFolder } = running;
  const lora = path.join(dataFolder, 'style.safetensors');
  writeLora(lora);
  const imageModel = story.makeImageModel(running);
  await fillForm(page, { ranks: 4, steps: 4 });
  await addLora(running, lora);
  await story.requestDrafts(page, IMMEDIATE);
  await story.waitForDrafts(page, IMMEDIATE);
  await story.compareTwo(page, IMMEDIATE);
  await story.finishLast(page, IMMEDIATE);
  const sha256 = createHash('sha256').update(readFileSync(lora)).digest('hex');
  const made = (await slices(page)).library.map(({ metadata }) => metadata.request.loras);
  expect(made).toEqual(Array.from({ length: 5 }, () => [{ path: lora, sha256, strength: 0.5 }]));

  await imageModel;
  await story.addImageModel(running);
  await story.takeLastFrame(page, IMMEDIATE);
  await takeFrameByKey(page);
  const gif = await takeOut(running, path.join(dataFolder, 'copies'));
  await makeFromImages(running);
  const frames = await continueAndKill(running);

  const again = await launch({ dataFolder });
  await expect.poll(async () => (await slices(again.page)).library[0]?.metadata.parts?.length).toBe(2);
  expect(Number(probe(await newestFile(again.page)).nb_read_frames)).toBe(2 * frames - 1);
  await expect(again.page.getByText(/^2 parts, /)).toBeVisible();
  await again.screenshot('joined');
  await expectEverything(again.page);
  expect(existsSync(gif)).toBe(true);
});

/** Eight videos and the joined one: the drafts as one result with its LoRA, and the sentence. */
async function expectEverything(page: Page): Promise<void> {
  expect((await slices(page)).jobs.map(({ state }) => state.status)).toEqual(
    Array.from({ length: 5 }, () => 'finished'),
  );
  const recent = page.getByRole('list', { name: 'Recent videos' }).getByRole('button');
  await expect(recent).toHaveCount(9);
  await recent.last().click();
  await expect(page.getByText(/style 0\.5/).first()).toBeVisible();
  await page.getByRole('button', { name: 'Show all results' }).click();
  await expect(story.results(page).locator('video')).toHaveCount(4);
  await page.getByRole('button', { name: 'History' }).click();
  await expect(page.getByRole('dialog').getByRole('option', { name: DEMO_SENTENCE })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+2');
  await expect(page.getByText('9 videos')).toBeVisible();
}
