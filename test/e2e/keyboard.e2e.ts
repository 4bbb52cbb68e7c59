/** The studio without a mouse: from a list of prompts to an exported GIF, first frames, continuations and filters. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { broken } from './axe';
import { answerFolderDialog, answerSaveDialog, expect, test, type RunningApp } from './harness';
import { writeLora } from './lora';
import { clickNotification, notifications, watchNotifications } from './notifications';
import { command, DEMO_SENTENCE, slices, tabTo, waitForJob } from './steps';
import { addImageModel, makeImageModel } from './story';

const prompt = (page: Page) => page.getByLabel('Prompt', { exact: true });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Replaces the text of a field. */
async function enter(page: Page, label: string, value: string): Promise<void> {
  await tabTo(page, page.getByLabel(label, { exact: true }));
  await page.keyboard.press('Control+a');
  await page.keyboard.type(value);
}

/** Keys for the pages and for the shortcuts sheet, which returns the focus. */
async function visitPages(page: Page): Promise<void> {
  for (const [index, name] of ['Create', 'Library', 'Models', 'Machine', 'Settings'].entries()) {
    await page.keyboard.press(`Control+${String(index + 1)}`);
    await expect(page.getByRole('heading', { name, level: 1 })).toBeAttached();
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
    if (index === 0) expect(await broken(page, 'shortcuts')).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
  await page.keyboard.press('Control+1');
}

/** Queues a list of prompts while paused, moves one and removes the others. */
async function useQueue(page: Page): Promise<void> {
  await command(page, 'pause queue');
  await expect.poll(async () => (await slices(page)).queue.isPaused).toBe(true);
  await tabTo(page, prompt(page));
  await page.keyboard.type('a {red|green} ball');
  await page.keyboard.press('Enter');
  await page.keyboard.type('a star');
  await tabTo(page, page.getByRole('switch', { name: 'One prompt per line' }));
  await page.keyboard.press('Space');
  await page.keyboard.press('Control+Enter');
  const prompts = async () => (await slices(page)).jobs.map(({ request }) => request.prompt);
  await expect.poll(prompts).toEqual(['a red ball', 'a green ball', 'a star']);
  const rows = page.getByRole('list', { name: 'Queue' }).getByRole('listitem');
  await tabTo(page, rows.first());
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(prompts).toEqual(['a green ball', 'a red ball', 'a star']);
  await expect(rows.filter({ hasText: 'a green ball' })).toBeFocused();
  for (const left of [2, 1, 0]) {
    await page.keyboard.press('Delete');
    await expect.poll(prompts).toHaveLength(left);
  }
  await command(page, 'resume queue');
  await expect.poll(async () => (await slices(page)).queue.isPaused).toBe(false);
}

/** Presets, history and undo. */
async function useHistory(page: Page): Promise<void> {
  await command(page, 'presets');
  await page.keyboard.type('by keys');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog').getByRole('option', { name: /by keys/ })).toBeVisible();
  expect(await broken(page, 'presets')).toEqual([]);
  await page.keyboard.press('Escape');
  await command(page, 'prompt history');
  expect(await broken(page, 'history')).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(prompt(page)).toHaveValue('a {red|green} ball\na star');
  await tabTo(page, prompt(page));
  await page.keyboard.press('Control+a');
  await page.keyboard.type(DEMO_SENTENCE);
}

async function addLora({ app, page, dataFolder }: RunningApp): Promise<void> {
  const file = path.join(dataFolder, 'style.safetensors');
  writeLora(file);
  await answerFolderDialog(app, file);
  await tabTo(page, button(page, 'More settings'));
  await page.keyboard.press('Enter');
  await tabTo(page, button(page, 'Add a LoRA'));
  await page.keyboard.press('Enter');
  await page.getByLabel('Strength of style').waitFor();
  await enter(page, 'Strength of style', '0.5');
}

async function makeDrafts(page: Page): Promise<void> {
  await enter(page, 'CPU workers', '4');
  await expect.poll(async () => (await slices(page)).settings.cpuRanks).toBe(4);
  await enter(page, 'Steps', '4');
  await tabTo(page, button(page, 'Variations'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: /^4 drafts at once/ })).toBeVisible();
  await page.keyboard.type('4 drafts');
  expect(await broken(page, 'variations')).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(page.getByText(/elapsed/)).toBeVisible();
  expect(await moving(page)).toBe(0);
  await waitForJob(page, 'finished');
}

/** Running animations and playing videos. */
const moving = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const animations = document
      .getAnimations()
      .filter(({ effect }) => Number(effect?.getComputedTiming().activeDuration ?? 0) > 1);
    return animations.length + [...document.querySelectorAll('video')].filter(({ paused }) => !paused).length;
  });

/** Discards a result and restores it, compares two, and finishes one. */
async function chooseResult(page: Page): Promise<void> {
  const videos = page.getByRole('list', { name: 'Results' }).locator('video');
  await expect(videos).toHaveCount(4);
  expect(await moving(page)).toBe(0);
  const cells = page.getByRole('list', { name: 'Results' }).getByRole('button', { name: /^Open/ });
  await tabTo(page, cells.first());
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await expect(cells.nth(3)).toBeFocused();
  await page.keyboard.press('Delete');
  await expect(videos).toHaveCount(3);
  await expect(cells.nth(2)).toBeFocused();
  await page.keyboard.press('Control+z');
  await expect(videos).toHaveCount(4);

  await command(page, 'compare the two newest');
  const comparison = page.getByRole('region', { name: 'Comparison' });
  await expect(comparison.locator('video')).toHaveCount(2);
  await page.keyboard.press('Space');
  await page.keyboard.press('End');
  await page.keyboard.press('w');
  await tabTo(page, comparison.getByRole('slider', { name: 'Wipe position' }));
  await page.keyboard.press('Home');
  await expect(comparison.getByRole('slider', { name: 'Wipe position' })).toHaveValue('0');
  expect(await broken(page, 'comparison')).toEqual([]);
  await tabTo(page, comparison.getByRole('button', { name: 'Remove A' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(comparison.locator('video')).toHaveCount(1);
  await page.keyboard.press('c');
  await expect(comparison).toHaveCount(0);

  await tabTo(page, cells.first());
  await tabTo(page, page.getByRole('button', { name: /^Finish: seed/ }).first());
  await page.keyboard.press('Enter');
  await waitForJob(page, 'finished', 1);
}

/** If a control disappears when it is used, Tab continues from where it was. */
async function expectFocusIn(page: Page, name: string): Promise<void> {
  const region = page.getByRole('region', { name, exact: true });
  await expect.poll(() => region.evaluate((element) => element.contains(document.activeElement))).toBe(true);
}

/** All but one of a job's results are discarded, and restored. */
async function keepOne(page: Page): Promise<void> {
  const videos = page.getByRole('list', { name: 'Results' }).locator('video');
  await tabTo(page, page.getByRole('list', { name: 'Results' }).getByRole('button', { name: /^Open/ }).first());
  await tabTo(page, page.getByRole('button', { name: /^Keep only this: seed/ }).first());
  await page.keyboard.press('Enter');
  await expect(page.getByText('3 videos discarded.')).toBeVisible();
  await expect(page.getByRole('group', { name: 'Player' })).toBeVisible();
  await expectFocusIn(page, 'Stage');
  await page.keyboard.press('Control+z');
  await expect(videos).toHaveCount(4);
}

async function freeMemory(page: Page): Promise<void> {
  await command(page, 'pause queue');
  await tabTo(page, button(page, 'Free GPU memory'));
  await page.keyboard.press('Enter');
  await expect(page.getByText('GPU memory is free. The next video loads the model again.')).toBeVisible();
  await expectFocusIn(page, 'Queue');
  await tabTo(page, button(page, 'Resume queue'));
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await slices(page)).queue.isPaused).toBe(false);
}

/** The system's own keys click a notification. The focus is then on the result. */
async function openFromNotification({ app, page }: RunningApp): Promise<void> {
  await page.keyboard.press('Control+5');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toBeVisible();
  await clickNotification(app, 1);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByLabel(`The finished video: ${DEMO_SENTENCE}`)).toBeVisible();
  await expect(page.getByRole('region', { name: 'Stage' })).toBeFocused();
  await tabTo(page, page.getByRole('slider', { name: 'Position' }));
}

/** The menu of everything that has no button: found by letters, left with Esc, and the focus is back where it was. */
async function useMore(page: Page): Promise<void> {
  const more = button(page, 'More');
  await tabTo(page, more);
  await page.keyboard.press('Enter');
  const menu = page.getByRole('menu', { name: 'Actions for this video' });
  await expect(menu.getByRole('menuitem').first()).toBeFocused();
  expect(await broken(page, 'more')).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(more).toBeFocused();
  await page.keyboard.press('Space');
  await expect(menu).toBeVisible();
  await page.keyboard.type('copy');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Copied.')).toBeVisible();
  await expect(more).toBeFocused();
}

async function exportFrames({ app, page, dataFolder }: RunningApp): Promise<void> {
  const file = path.join(dataFolder, 'copy.gif');
  await answerSaveDialog(app, file);
  await tabTo(page, button(page, 'Export'));
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Export this video' });
  await tabTo(page, dialog.getByLabel('Format'));
  await page.keyboard.type('GIF');
  await expect(dialog.getByLabel('Format')).toHaveValue('gif');
  expect(await broken(page, 'export')).toEqual([]);
  await tabTo(page, dialog.getByRole('button', { name: 'Export' }));
  await page.keyboard.press('Enter');
  await expect(page.getByText(`Saved to ${file}`)).toBeVisible();
  expect(existsSync(file)).toBe(true);
}

async function changeLanguage(page: Page): Promise<void> {
  await page.keyboard.press('Control+5');
  await tabTo(page, page.getByLabel('Language'));
  await page.keyboard.press('End');
  await expect(page.getByRole('heading', { name: '设置', exact: true })).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: '键盘快捷键' })).toBeVisible();
  expect(await broken(page, 'shortcuts in Chinese')).toEqual([]);
}

test('prompts, LoRA, queue, drafts, comparison, export and language, all by keyboard and without motion', async ({
  launch,
}) => {
  const running = await launch({ withEnvironment: true });
  const { page } = running;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await visitPages(page);
  await useQueue(page);
  await useHistory(page);
  await command(page, 'theme light');
  await addLora(running);
  await watchNotifications(running.app);
  await makeDrafts(page);
  await keepOne(page);
  await chooseResult(page);
  await expect.poll(async () => (await notifications(running.app)).length).toBe(2);
  await freeMemory(page);
  await openFromNotification(running);
  expect((await slices(page)).jobs.map(({ request }) => request.loras[0]?.strength)).toEqual([0.5, 0.5]);
  await useMore(page);
  await exportFrames(running);
  await changeLanguage(page);
});

/** A frame of a video, and a cropped image, as the start of the next one. */
async function chooseFirstFrame({ app, page, dataFolder }: RunningApp): Promise<void> {
  const image = page.getByRole('region', { name: 'First frame', exact: true });
  await page.keyboard.press('End');
  await page.keyboard.press('i');
  const chosen = image.getByRole('button', { name: /-frame-9\.png$/ });
  await tabTo(page, chosen);
  await answerFolderDialog(app, path.join(dataFolder, 'wide.png'));
  await page.keyboard.press('Enter');
  await expect(image.getByText(/120 × 40, cropped to/)).toBeVisible();
  const position = image.getByRole('slider', { name: 'Which part to keep' });
  await tabTo(page, position);
  await page.keyboard.press('End');
  await expect(position).toHaveAttribute('aria-valuetext', '100%');
  await tabTo(page, image.getByLabel('Image fit'), 'Shift+Tab');
  await page.keyboard.type('Fit');
  await expect(image.getByText(/120 × 40, with black bars/)).toBeVisible();
  await expect(position).toHaveCount(0);
  await enter(page, 'Steps', '2');
  await page.keyboard.press('Control+Enter');
  await waitForJob(page, 'finished', 1);
}

/** A continuation, turned into a separate video without an image. */
async function continueVideo(page: Page): Promise<void> {
  await command(page, 'open the newest');
  await tabTo(page, button(page, 'More'));
  await page.keyboard.press('n');
  const joined = page.getByText(/: the new part is joined to it, and both files are kept\.$/);
  await expect(joined).toBeVisible();
  await tabTo(page, button(page, 'Make a separate video instead'));
  await page.keyboard.press('Enter');
  await expect(joined).toHaveCount(0);
  await expectFocusIn(page, 'First frame');
  await tabTo(page, button(page, 'Remove image'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('img', { name: 'First frame, as the model sees it' })).toHaveCount(0);
  await expectFocusIn(page, 'First frame');
}

/** A filter of the library, set and cleared. */
async function filterLibrary(page: Page): Promise<void> {
  const cards = page.getByRole('list', { name: 'Library', exact: true }).getByRole('listitem');
  await page.keyboard.press('Control+2');
  await expect(cards).toHaveCount(2);
  await tabTo(page, button(page, 'Filter'));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('switch', { name: 'Favorites only' }));
  await page.keyboard.press('Space');
  await expect(cards).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Filter (1)' })).toBeFocused();
  // In the place of the videos.
  await tabTo(page, button(page, 'Clear filters').last());
  await page.keyboard.press('Enter');
  await expect(cards).toHaveCount(2);
  await expect.poll(() => page.evaluate(() => document.activeElement === document.body)).toBe(false);
}

test('first frames, continuations and filters by keyboard', async ({ launch }) => {
  const running = await launch({ withEnvironment: true });
  const { page } = running;
  await makeImageModel(running);
  await addImageModel(running);
  await tabTo(page, prompt(page));
  await page.keyboard.type(DEMO_SENTENCE);
  await enter(page, 'Steps', '2');
  await tabTo(page, page.getByLabel('Frames'), 'Shift+Tab');
  await page.keyboard.type('9');
  await page.keyboard.press('Control+Enter');
  await waitForJob(page, 'finished');
  await page.getByRole('group', { name: 'Player' }).waitFor();
  await tabTo(page, button(page, 'More'));
  await chooseFirstFrame(running);
  await continueVideo(page);
  await filterLibrary(page);
});
