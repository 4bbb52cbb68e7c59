/** Screenshots of what only some people reach: first frames, LoRAs, all facts of a video, comparisons and exports. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { answerFolderDialog, answerSaveDialog, expect, test, type RunningApp } from './harness';
import { resize, setTheme, type Theme } from './looks';
import { writeLora } from './lora';
import { agreeToQuestions } from './rewriter';
import { slices } from './steps';
import { addImageModel, makeImageModel } from './story';
import { makeVideo } from './videos';

const PROMPTS = [
  'a small fox looks around',
  'שועל אדום קטן רץ ביער החשוך, לאט',
  '100% "quoted" #1 & <b>bold<b> 🦊🎬 {a|b}',
  'A red ball rolls slowly to the right over a plain blue background, while the camera stays still, soft light falls from the left and a small shadow follows it without a hurry to the edge',
] as const;
const LORA_NAMES = ['film-grain', 'a-rather-long-name-of-a-style-by-somebody-v1.2-rank64-fp16', '水墨画风格'] as const;

type Language = 'en' | 'zh-CN';
type Look = readonly [width: number, height: number, theme: Theme, language: Language];
type Shot = (name: string) => Promise<void>;

/** Puts an image-to-video request into the form. */
async function setForm({ page, dataFolder }: RunningApp, changes: object, more: object = {}): Promise<void> {
  const model = (await slices(page)).models.find(({ name }) => name === 'image-to-video');
  if (model === undefined) throw new Error('no model that starts from an image');
  const given = {
    ...model.defaults,
    modelId: model.id,
    prompt: PROMPTS[0],
    rewrittenFrom: null,
    negativePrompt: '',
    imagePath: path.join(dataFolder, 'wide.png'),
    seed: 42,
    videoCount: 1,
    ...changes,
  };
  const plan = { dp: 1, cfg: 1, pp: 1, ring: 1, ulysses: 1, tp: 1 };
  const draft = { request: given, plan, isPlanAutomatic: true, isSeedLocked: false, isPromptList: false, ...more };
  await page.evaluate((wanted) => window.splitreel.updateSettings({ draft: wanted }), draft);
  await page.reload();
  await page.keyboard.press('Control+1');
  await page.locator('textarea').first().waitFor();
}

const scrollDown = (page: Page): Promise<void> =>
  page.evaluate(() => {
    for (const element of document.querySelectorAll('*'))
      if (/auto|scroll/.test(getComputedStyle(element).overflowY)) element.scrollTop = element.scrollHeight;
  });

async function firstFrames(running: RunningApp, shot: Shot): Promise<void> {
  const { page, dataFolder } = running;
  for (const imageFit of ['crop', 'fit', 'stretch']) {
    await setForm(running, { imageFit });
    await page.locator('aside img').waitFor();
    await page.waitForTimeout(200);
    await shot(`first-frame-${imageFit}`);
  }
  const imagePath = path.join(dataFolder, 'wide.png');
  const [video] = (await slices(page)).library;
  const fileName = video?.fileName ?? '';
  const continues = { videoId: video?.id, fileName, imagePath, width: 256, height: 160, fps: 8 };
  await setForm(running, { fps: 8 }, { continues });
  await page.locator('aside img').waitFor();
  await shot('continue');
}

async function loras(running: RunningApp, shot: Shot): Promise<void> {
  const { app, page, dataFolder } = running;
  const chosen = LORA_NAMES.map((name, index) => ({
    path: path.join(dataFolder, `${name}.safetensors`),
    sha256: String(index).repeat(64),
    strength: [0.8, 9, -0.25][index],
  }));
  await setForm(running, { loras: chosen });
  await page.getByRole('button', { name: /^(More settings|更多设置)/ }).click();
  const add = page.getByRole('button', { name: /^(Add a LoRA|添加 LoRA)/ });
  await add.scrollIntoViewIfNeeded();
  await shot('loras');
  await answerFolderDialog(app, path.join(dataFolder, 'other.safetensors'));
  await add.click();
  await page
    .getByRole('button', { name: /^(Dismiss|关闭)/ })
    .first()
    .waitFor();
  await page.waitForTimeout(300);
  await shot('lora-mismatch');
  await page
    .getByRole('button', { name: /^(Dismiss|关闭)/ })
    .first()
    .click();
}

async function videoPage(page: Page, shot: Shot): Promise<void> {
  for (const [index, name] of ['fox', 'rtl', 'odd', 'long'].entries()) {
    await page.keyboard.press('Control+2');
    await page.locator('[data-video-id]').nth(index).locator('button').first().click();
    await page.locator('video').first().waitFor();
    await page.waitForTimeout(400);
    await shot(`video-${name}`);
    if (name !== 'long') continue;
    await page.locator('main [aria-expanded="false"]').last().click();
    await page.waitForTimeout(150);
    await shot('video-facts');
    await scrollDown(page);
    await shot('video-facts-end');
  }
}

async function comparisons({ page }: RunningApp, shot: Shot): Promise<void> {
  await page.keyboard.press('Control+2');
  await page.locator('[data-video-id] button').first().focus();
  await page.keyboard.press('Control+a');
  await shot('selection');
  await page.keyboard.press('c');
  await expect(page.locator('video')).toHaveCount(4);
  await page.waitForTimeout(600);
  await shot('compare-4');
  await scrollDown(page);
  await shot('compare-4-facts');
  for (let count = 0; count < 2; count += 1) await page.getByRole('button', { name: /^(Remove|移除) A/ }).click();
  for (const [key, name] of Object.entries({ s: 'side', w: 'wipe', d: 'difference' })) {
    await page.keyboard.press(key);
    await page.waitForTimeout(500);
    await shot(`compare-2-${name}`);
  }
  await page.keyboard.press('s');
  await page.keyboard.press('c');
}

async function exports({ app, page, dataFolder }: RunningApp, shot: Shot): Promise<void> {
  await page.keyboard.press('Control+2');
  await page.locator('[data-video-id] button').nth(0).click();
  await answerSaveDialog(app, path.join(dataFolder, 'copy.mov'));
  await page.getByRole('button', { name: /^(Export|导出)$/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('select').first().selectOption('prores');
  await dialog.locator('select').nth(1).selectOption('60');
  await dialog.locator('select').last().selectOption('2');
  await page.waitForTimeout(200);
  await shot('export');
  await dialog.getByRole('button', { name: /^(Export|导出)$/ }).click();
  await dialog.getByRole('meter').waitFor();
  await shot('export-progress');
  await expect(dialog).toHaveCount(0, { timeout: 60_000 });
  await page.waitForTimeout(300);
  await shot('export-saved');
}

async function settings(page: Page, shot: Shot): Promise<void> {
  await page.keyboard.press('Control+5');
  await scrollDown(page);
  await page.waitForTimeout(200);
  await shot('settings-end');
}

/** Everything in one look after another. */
async function lookAt(running: RunningApp, looks: readonly Look[]): Promise<void> {
  const { page } = running;
  for (const [width, height, theme, language] of looks) {
    await page.evaluate((wanted) => window.splitreel.updateSettings({ language: wanted }), language);
    await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
    await page.locator('header').first().waitFor();
    await resize(running, width, height);
    await setTheme(page, theme);
    const scale = await page.evaluate(() => devicePixelRatio);
    const size = `${String(width * scale)}-${theme}-${language}`;
    const shot = (name: string) => running.screenshot(`details-${size}-${name}`);
    await firstFrames(running, shot);
    await loras(running, shot);
    await videoPage(page, shot);
    await comparisons(running, shot);
    await exports(running, shot);
    await settings(page, shot);
  }
}

async function open(running: RunningApp): Promise<void> {
  const { app, page, dataFolder } = running;
  await agreeToQuestions(app);
  await makeImageModel(running);
  await addImageModel(running);
  writeLora(path.join(dataFolder, 'other.safetensors'));
  const folder = (await slices(page)).about.videosFolder;
  mkdirSync(folder, { recursive: true });
  PROMPTS.forEach((prompt, index) => makeVideo(folder, prompt, index));
  // The folder is new, so nobody watches it yet.
  await app.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows()) window.emit('focus');
  });
  await expect.poll(async () => (await slices(page)).library.length).toBe(PROMPTS.length);
  const rewriter = { kind: 'endpoint', command: '', address: 'https://api.example.com/v1', model: 'a-model' } as const;
  await page.evaluate((wanted) => window.splitreel.setRewriter(wanted), rewriter);
}

test('at three sizes, in both themes and both languages', async ({ launch }) => {
  test.setTimeout(900_000);
  const running = await launch({ withEnvironment: true });
  await open(running);
  await lookAt(running, [
    [900, 600, 'dark', 'en'],
    [1280, 800, 'light', 'en'],
    [1920, 1080, 'dark', 'en'],
    [900, 600, 'light', 'zh-CN'],
    [1280, 800, 'dark', 'zh-CN'],
    [1920, 1080, 'light', 'zh-CN'],
  ]);
});

test('on a 4K screen at 200 %', async ({ launch }) => {
  test.setTimeout(900_000);
  const running = await launch({ withEnvironment: true, scale: 2 });
  await open(running);
  await lookAt(running, [
    [1920, 1080, 'light', 'en'],
    [1920, 1080, 'dark', 'zh-CN'],
  ]);
});
