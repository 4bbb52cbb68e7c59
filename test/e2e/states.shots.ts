/** Screenshots of the library, comparison, dialogs and menus with difficult texts, by language, size and theme. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test, type RunningApp } from './harness';
import { resize, setTheme, SIZES, THEMES } from './looks';
import { slices } from './steps';
import { makeVideo } from './videos';

const PROMPTS = [
  'A fox in the snow',
  'كرة حمراء تتدحرج إلى اليمين على خلفية زرقاء',
  '🦊🏔️ a fox, a mountain and a 👩‍👩‍👧‍👦 family of four',
  'w'.repeat(150),
  'a small orange star that moves slowly from the upper left to the lower right and spins, '.repeat(2).trim(),
  '一只红色的小球在蓝色背景上向右滚动',
] as const;
const LONG = `${'a lighthouse on a cliff while waves break below, '.repeat(36)}${'x'.repeat(300)}`;

function launchOptions(options: { readonly scale?: number }) {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'splitreel-e2e-'));
  const videos = path.join(dataFolder, 'videos');
  mkdirSync(videos);
  PROMPTS.forEach((prompt, index) => makeVideo(videos, prompt, index));
  return { dataFolder, gpus: '8' as const, ...options };
}
/** Each state, with the keys that close it. */
async function library(page: Page, shot: (name: string) => Promise<void>): Promise<void> {
  await page.keyboard.press('Control+2');
  const openers = page.locator('[data-roving] button[draggable]');
  await openers.first().focus();
  await page.keyboard.press('f');
  await page.keyboard.press('4');
  await shot('library');
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await shot('library-selected');
  await page.keyboard.press('t');
  await shot('tags');
  await page.keyboard.press('Escape');
  await page.keyboard.press('e');
  await shot('export');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+F10');
  await shot('library-menu');
  await page.keyboard.press('Escape');
  await page.locator('header button[aria-pressed]').first().click();
  await shot('library-filter');
  await page.keyboard.press('Escape');
  await openers.first().focus();
  await page.keyboard.press('c');
  await page.waitForTimeout(400);
  await shot('compare-three');
  await page.keyboard.press('c');
  await page.keyboard.press('Control+2');
  await page.keyboard.press('Escape');
  await openers.nth(3).focus();
  await page.keyboard.press('Enter');
  await page.waitForTimeout(300);
  await shot('video-long-word');
  await page.keyboard.press('?');
  await shot('shortcuts');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await shot('palette-video');
  await page.keyboard.press('Escape');
}

async function form(page: Page, shot: (name: string) => Promise<void>): Promise<void> {
  await page.locator('aside textarea').first().fill(LONG);
  await page.waitForTimeout(300);
  await shot('long-prompt');
  for (const [key, name] of [
    ['Control+3', 'models'],
    ['Control+4', 'machine'],
    ['Control+5', 'settings'],
  ] as const) {
    await page.keyboard.press(key);
    await page.waitForTimeout(150);
    await shot(name);
  }
  await page.keyboard.press('Control+1');
}

async function everyState(running: RunningApp, language: string, sizes: readonly (readonly [number, number])[]) {
  const { page } = running;
  await expect.poll(async () => (await slices(page)).library.length).toBe(PROMPTS.length);
  for (const [width, height] of sizes) {
    await resize(running, width, height);
    for (const theme of THEMES) {
      await setTheme(page, theme);
      const shot = async (name: string) => {
        await page.waitForTimeout(200);
        await running.screenshot(`state-${language}-${name}-${String(width)}-${theme}`);
      };
      await library(page, shot);
      await form(page, shot);
    }
  }
}

for (const [language, locale] of [
  ['en', 'C.UTF-8'],
  ['zh', 'zh_CN.UTF-8'],
] as const) {
  test(`the library, dialogs and menus, ${language}`, async ({ launch }) => {
    test.setTimeout(600_000);
    const running = await launch({ ...launchOptions({}), locale });
    await everyState(running, language, SIZES);
  });
  test(`at 3840x2160 with 200 %, ${language}`, async ({ launch }) => {
    test.setTimeout(600_000);
    const running = await launch({ ...launchOptions({ scale: 2 }), locale });
    await everyState(running, `${language}-4k`, [[1920, 1080]]);
  });
}
