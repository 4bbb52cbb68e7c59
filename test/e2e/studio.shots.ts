/** Screenshots of drafts, comparisons, the palette and the prompt tools, by size and theme: `npm run screenshots`. */
import type { Page } from '@playwright/test';
import { expect, test } from './harness';
import { resize, setTheme, SIZES, THEMES } from './looks';
import { fillForm, waitForJob } from './steps';

const STATES: Readonly<Record<string, { readonly open: (page: Page) => Promise<void>; readonly close: string }>> = {
  palette: { open: (page) => page.keyboard.press('Control+k'), close: 'Escape' },
  history: { open: (page) => page.getByRole('button', { name: 'History' }).click(), close: 'Escape' },
  presets: { open: (page) => page.getByRole('button', { name: 'Presets', exact: true }).click(), close: 'Escape' },
  variations: { open: (page) => page.getByRole('button', { name: 'Variations' }).click(), close: 'Escape' },
  comparison: { open: (page) => page.getByRole('button', { name: 'Compare', exact: true }).click(), close: 'c' },
};

test('drafts, a comparison, the palette and the prompt tools', async ({ launch }) => {
  const running = await launch({ withEnvironment: true });
  const { page } = running;
  await fillForm(page, { prompt: 'a {red|green} ball rolls to the right\na blue star spins', ranks: 4, frames: 9 });
  await page.getByRole('switch', { name: 'One prompt per line' }).click();
  await running.screenshot('list-1280-dark');
  await fillForm(page, { ranks: 4, steps: 25, frames: 9 });
  await page.getByRole('button', { name: 'Variations' }).click();
  await page.getByRole('menuitem', { name: /^4 drafts at once/ }).click();
  await waitForJob(page, 'finished');
  const results = page.getByRole('list', { name: 'Results' });
  await expect(results.locator('video')).toHaveCount(4);
  for (const [width, height] of SIZES) {
    await resize(running, width, height);
    for (const theme of THEMES) {
      await setTheme(page, theme);
      const shot = (name: string) => running.screenshot(`${name}-${String(width)}-${theme}`);
      await results.getByRole('listitem').first().hover();
      await shot('results');
      for (const [name, { open, close }] of Object.entries(STATES)) {
        await open(page);
        await page.waitForTimeout(300);
        await shot(name);
        await page.keyboard.press(close);
      }
    }
  }
});
