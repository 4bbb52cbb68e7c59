/**
 * Runs the built window in Debian's current Chromium: users get Electron 45, but test machines have only 22. Main is
 * the contract's fake, everything else is real. Pages must look the same as in the tests' runtime.
 */
import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type Page } from '@playwright/test';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildApp } from '../../scripts/build-app';
import { ROOT } from '../../src/cli/paths';
import { ensurePackages, isRoot } from '../../src/cli/system-packages';
import { openElectron } from './electron';
import { differentShare } from './pixels';
import { openRig, type Rig } from './rig';

declare global {
  interface Window {
    readonly axe?: typeof axe;
  }
}

const PAGES = ['Create', 'Library', 'Models', 'Machine', 'Settings'] as const;
const SIZE = { width: 1280, height: 800 } as const;
const SHOTS = path.join(ROOT, 'test-results', 'chromium');

let rig: Rig;
let browser: Browser;
let page: Page;
let problems: string[] = [];

beforeAll(async () => {
  await ensurePackages(['chromium', 'ffmpeg']);
  await buildApp();
  rig = await openRig();
  await mkdir(SHOTS, { recursive: true });
  // Root has no sandbox; the pages are our own.
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', chromiumSandbox: !isRoot() });
}, 180_000);

afterAll(async () => {
  await browser.close();
  await rig.close();
});

beforeEach(async () => {
  problems = [];
  const context = await browser.newContext({ viewport: SIZE });
  await context.addInitScript(rig.script);
  page = await context.newPage();
  page.on('console', (message) => {
    // A browser requests a favicon by itself; the app's window doesn't.
    const isIcon = message.location().url.endsWith('/favicon.ico');
    if (!isIcon && (message.type() === 'error' || message.type() === 'warning')) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${rig.address}/index.html`);
  await page.getByRole('navigation').waitFor();
  return async () => {
    await context.close();
  };
});

async function openIn(shown: Page, name: string): Promise<void> {
  await shown.getByRole('button', { name, exact: true }).click();
  await shown.getByRole('heading', { level: 1, name, exact: true }).waitFor({ state: 'attached' });
}
const open = (name: string): Promise<void> => openIn(page, name);

async function violations(): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async (): Promise<AxeResults | undefined> =>
    window.axe?.run(document, { resultTypes: ['violations'] }),
  );
  return (found?.violations ?? []).flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

test('is a current Chromium', () => {
  expect(Number(browser.version().split('.')[0])).toBeGreaterThan(130);
});

test.each(PAGES)('%s opens with an empty console, and axe finds nothing', async (name) => {
  await open(name);
  await page.screenshot({ path: path.join(SHOTS, `${name.toLowerCase()}.png`), animations: 'disabled' });
  expect(await violations()).toEqual([]);
  expect(problems).toEqual([]);
});

test('a video plays, seeks by ranges, and follows the keyboard', async () => {
  await open('Library');
  await page
    .getByRole('button', { name: /the video second/ })
    .first()
    .click();
  const video = page.locator('video').first();
  await expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.readyState)).toBeGreaterThan(1);
  expect(rig.media.some(({ status, range }) => status === 206 && range !== null)).toBe(true);
  const time = (): Promise<number> => video.evaluate((element: HTMLVideoElement) => element.currentTime);
  const isPaused = (): Promise<boolean> => video.evaluate((element: HTMLVideoElement) => element.paused);
  if (!(await isPaused())) await page.keyboard.press('Space');
  await expect.poll(isPaused).toBe(true);
  // Times are the middles of frames, at 8 frames per second.
  await page.keyboard.press('Home');
  await expect.poll(time).toBeLessThan(0.125);
  await page.keyboard.press('ArrowRight');
  await expect.poll(time).toBeGreaterThan(0.125);
  await page.keyboard.press('Space');
  await expect.poll(isPaused).toBe(false);
  expect(problems).toEqual([]);
});

test('every page can be reached with Tab and Enter', async () => {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(() => document.activeElement?.textContent)) === 'Library') break;
  }
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Library' }).waitFor();
});

test("every page looks the same as in the tests' runtime", async () => {
  const electron = await openElectron(rig);
  try {
    for (const name of PAGES) {
      await openIn(electron.page, name);
      await open(name);
      const files = ['chromium', 'electron'].map((which) =>
        path.join(SHOTS, `same-${name.toLowerCase()}-${which}.png`),
      );
      for (const [index, shown] of [page, electron.page].entries())
        await shown.screenshot({ path: files[index] ?? '', animations: 'disabled', caret: 'hide' });
      // Versions draw text slightly differently; a moved field would differ far more.
      expect([name, await differentShare(files)]).toEqual([name, expect.closeTo(0, 1)]);
    }
  } finally {
    await electron.close();
  }
}, 120_000);
