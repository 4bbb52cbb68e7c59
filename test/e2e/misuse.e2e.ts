/** A hurried user: resizes, drops odd files, discards compared videos, and changes the language during a job. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { broken } from './axe';
import { expect, test, type RunningApp } from './harness';
import { resize, SIZES } from './looks';
import { DEMO_SENTENCE, fillForm, generateButton, slices, waitForJob, waitForStep } from './steps';
import { makeVideo } from './videos';

const PROMPTS = ['A fox in the snow', 'A ball on the beach', 'The sea at night'] as const;

/** Signs that mean something in addresses, in shells and on pages, right-to-left script, and an emoji. */
const ODD_NAME = `100% "quoted" 'n' #1 & <b>?a=b;$HOME {x|y} שועל 🦊`;

/** Files that are not what their names or types say. */
const ODD_FILES = {
  'empty.mp4': '',
  'text.mp4': 'not a video',
  'notes.md': '# Notes',
  'broken.json': '{',
  'binary.txt': '\0\0',
} as const;

async function drop(page: Page, files: readonly string[]): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await client.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
  await client.detach();
}

/** Playwright's keys go directly to the page. */
const pressInMain = ({ app }: RunningApp, keyCode: string): Promise<void> =>
  app.evaluate(({ BrowserWindow }, key) => {
    const shown = BrowserWindow.getAllWindows().find((window) => window.isVisible());
    shown?.webContents.sendInputEvent({ type: 'keyDown', keyCode: key, modifiers: ['control'] });
  }, keyCode);

/** All of them keep playing, inside the window. */
async function expectPlaying(page: Page, videos: Locator): Promise<void> {
  const times = () => videos.evaluateAll((all: HTMLVideoElement[]) => all.map(({ currentTime }) => currentTime));
  const before = await times();
  await expect.poll(async () => (await times()).every((time, index) => time !== before[index])).toBe(true);
  // The layout follows a change of size a frame or two later.
  const areInside = () =>
    videos.evaluateAll((all) =>
      all.every((video) => {
        const { top, left, right, bottom, width, height } = video.getBoundingClientRect();
        return top >= 0 && left >= 0 && right <= innerWidth && bottom <= innerHeight && Math.min(width, height) > 40;
      }),
    );
  await expect.poll(areInside).toBe(true);
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
}

test('playing and comparing survive resizing, odd files and the discard of a compared video', async ({ launch }) => {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'splitreel-e2e-'));
  const videos = path.join(dataFolder, 'videos');
  mkdirSync(videos);
  PROMPTS.forEach((prompt, index) => makeVideo(videos, prompt, index));
  makeVideo(videos, ODD_NAME, PROMPTS.length);
  const odd = Object.entries(ODD_FILES).map(([name, text]) => {
    const file = path.join(dataFolder, name);
    writeFileSync(file, text);
    return file;
  });
  const running = await launch({ dataFolder });
  const { page, screenshot } = running;
  await page.keyboard.press('Control+2');
  await page.getByRole('button', { name: `Open: ${PROMPTS[0]}`, exact: true }).click();
  const player = page.getByRole('group', { name: 'Player' }).locator('video');
  await test.step('a double click on a thumbnail opens the video and does not pause it', async () => {
    await page.keyboard.press('Control+2');
    await page.getByRole('button', { name: `Open: ${PROMPTS[0]}`, exact: true }).dblclick({ delay: 60 });
    await expectPlaying(page, player);
  });
  await test.step('a video with an odd name plays, and a very long word stays in the form', async () => {
    await page.keyboard.press('Control+2');
    await page.getByRole('button', { name: `Open: ${ODD_NAME}`, exact: true }).click();
    await page.getByLabel('Prompt', { exact: true }).fill('x'.repeat(20_000));
    await expectPlaying(page, player);
    await page.getByLabel('Prompt', { exact: true }).fill('');
  });
  for (const [width, height] of SIZES) {
    await resize(running, width, height);
    await expectPlaying(page, player);
  }
  await test.step('nothing scrolls the window itself, however long a page is', async () => {
    await resize(running, 900, 600);
    await page.getByRole('button', { name: 'Details' }).click();
    const top = await page.evaluate(() => {
      for (const element of document.querySelectorAll('*')) element.scrollTop = element.scrollHeight;
      return document.querySelector('header')?.getBoundingClientRect().top;
    });
    expect(top).toBe(0);
    await resize(running, 1920, 1080);
  });
  await test.step('zoomed as far as the window allows, everything is still in it', async () => {
    for (let press = 0; press < 6; press += 1) await pressInMain(running, '=');
    await expect.poll(() => page.evaluate(() => devicePixelRatio)).toBeGreaterThan(1.5);
    expect(await page.evaluate(() => [innerWidth >= 900, innerHeight >= 599])).toEqual([true, true]);
    await expectPlaying(page, player);
    await screenshot('zoomed');
    await pressInMain(running, '0');
    await expect.poll(() => page.evaluate(() => devicePixelRatio)).toBe(1);
  });
  await drop(page, odd.slice(0, 1));
  await expect(page.getByText('empty.mp4 contains no settings that Splitreel can read.')).toBeVisible();

  await page.keyboard.press('Control+2');
  await page.getByRole('button', { name: `Open: ${PROMPTS[0]}`, exact: true }).click({ modifiers: ['Control'] });
  await page.getByRole('button', { name: `Open: ${PROMPTS[1]}`, exact: true }).click({ modifiers: ['Control'] });
  await page.keyboard.press('c');
  const compared = page.getByRole('region', { name: 'Comparison' }).locator('video');
  await expect(compared).toHaveCount(2);
  for (const [width, height] of SIZES) {
    await resize(running, width, height);
    await expectPlaying(page, compared);
  }
  await resize(running, 1280, 800);
  await drop(page, [...odd.slice(0, 2), dataFolder]);
  await expect(page.getByText("text.mp4 isn't a video that Splitreel can play.")).toBeVisible();
  for (const file of odd.slice(2)) await drop(page, [file]);
  await expect(page.getByText(/^broken\.json contains no presets/)).toBeVisible();
  await screenshot('odd-files');
  await expectPlaying(page, compared);

  await page.keyboard.press('Control+2');
  await page.getByRole('button', { name: `Open: ${PROMPTS[0]}`, exact: true }).focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Delete');
  await page.keyboard.press('Control+1');
  await expect(compared).toHaveCount(1);
  await expectPlaying(page, compared);
  await screenshot('compared-discarded');
  await page.keyboard.press('Control+2');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+1');
  await expect(compared).toHaveCount(2);
  await expectPlaying(page, compared);

  await test.step('Escape closes what is on top and nothing else', async () => {
    const dialog = page.getByRole('dialog');
    await page.keyboard.press('?');
    await expect(dialog).toBeVisible();
    await page.keyboard.press('Control+k');
    await expect(dialog).toHaveCount(1);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await page.keyboard.press('Control+k');
    await expect(dialog).toHaveCount(1);
    expect(await broken(page, 'palette')).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(compared).toHaveCount(2);
  });
});

test('changing the language during a job leaves the job, the queue and the form as they are', async ({ launch }) => {
  const { page, screenshot } = await launch({ withEnvironment: true });
  // Still running when its cancellation has been asked for.
  await fillForm(page, { ranks: 2, steps: 150 });
  await generateButton(page).click();
  await fillForm(page, { prompt: 'a green star', ranks: 2, steps: 4 });
  await generateButton(page).click();
  await page.getByLabel('Prompt', { exact: true }).fill('not sent yet');
  await waitForStep(page, 2);
  await page.keyboard.press('Control+5');
  await page.getByLabel('Language').selectOption('简体中文');
  await expect(page.getByRole('heading', { name: '设置', exact: true })).toBeVisible();
  await page.keyboard.press('Control+1');
  await expect(page.getByLabel('提示词', { exact: true })).toHaveValue('not sent yet');
  await expect(page.getByText(DEMO_SENTENCE).first()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeVisible();
  await screenshot('cancel-question-chinese');
  expect(await broken(page, 'cancel question')).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await waitForJob(page, 'finished', 0);
  await waitForJob(page, 'finished', 1);
  expect((await slices(page)).library.map(({ metadata }) => metadata.request.prompt)).toEqual([
    'a green star',
    DEMO_SENTENCE,
  ]);
});
