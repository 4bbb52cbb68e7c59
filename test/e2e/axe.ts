/** Runs axe on the window in its current state, in both themes, and finds what axe doesn't: covered contents of dialogs. */
import axe, { type AxeResults } from 'axe-core';
import type { Page } from '@playwright/test';
import { THEMES } from './looks';

declare global {
  interface Window {
    readonly axe?: typeof axe;
  }
}

/** Each violated rule with its elements. Changes the colors alone, so that open menus and dialogs stay open. */
export async function broken(page: Page, where: string): Promise<readonly string[]> {
  // Injected through the debugger, because the page's policy blocks scripts.
  await page.evaluate(axe.source);
  const shown = await page.evaluate(() => document.documentElement.dataset['theme'] ?? '');
  const found = [...(await covered(page, where))];
  for (const theme of THEMES) {
    await paint(page, theme);
    found.push(...(await violations(page, `${where}, ${theme}`)));
  }
  await paint(page, shown);
  return found;
}

/** Dialogs that don't scroll, and whose buttons lie over what is above them all the same. */
const covered = (page: Page, where: string): Promise<readonly string[]> =>
  page.evaluate(
    (place) =>
      [...document.querySelectorAll('dialog[open]')].flatMap((dialog) => {
        const above = dialog.lastElementChild?.previousElementSibling?.getBoundingClientRect();
        const buttons = dialog.lastElementChild?.getBoundingClientRect();
        const isShort = dialog.scrollHeight <= dialog.clientHeight;
        return isShort && above !== undefined && buttons !== undefined && above.bottom > buttons.top
          ? [`${place}: the buttons cover the dialog's contents`]
          : [];
      }),
    where,
  );

/** Colors are animated; only the final ones count. */
const paint = (page: Page, theme: string): Promise<void> =>
  page.evaluate(async (name) => {
    document.documentElement.dataset['theme'] = name;
    const fades = document.getAnimations().filter((each) => each.effect?.getTiming().iterations !== Infinity);
    await Promise.allSettled(fades.map(({ finished }) => finished));
  }, theme);

async function violations(page: Page, where: string): Promise<readonly string[]> {
  const results = await page.evaluate(async (): Promise<AxeResults | undefined> =>
    window.axe?.run(document, { resultTypes: ['violations'] }),
  );
  if (results === undefined) throw new Error('axe is not there');
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any, all }) => {
      const [why = ''] = [...any, ...all].map(({ message }) => message);
      return `${where}: ${id}: ${target.join(' ')}: ${why}`;
    }),
  );
}
