/** The sizes and themes of screenshots. */
import { expect, type Page } from '@playwright/test';
import type { RunningApp } from './harness';

export const THEMES = ['dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

export const SIZES = [
  [900, 600],
  [1280, 800],
  [1920, 1080],
] as const;

export async function resize({ app, page }: RunningApp, width: number, height: number): Promise<void> {
  await app.evaluate(
    ({ BrowserWindow }, size) => {
      // Another, hidden window draws thumbnails.
      const shown = BrowserWindow.getAllWindows().find((window) => window.isVisible());
      shown?.setContentSize(size.width, size.height);
    },
    { width, height },
  );
  await expect.poll(() => page.evaluate(() => innerWidth)).toBe(width);
}

export async function setTheme(page: Page, theme: Theme): Promise<void> {
  await page.evaluate((wanted) => window.splitreel.updateSettings({ theme: wanted }), theme);
  await page.waitForTimeout(250);
}
