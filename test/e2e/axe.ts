/** Runs axe on the window in its current state. */
import axe, { type AxeResults } from 'axe-core';
import type { Page } from '@playwright/test';

declare global {
  interface Window {
    readonly axe?: typeof axe;
  }
}

/** Each violated rule with its elements. */
export async function broken(page: Page, where: string): Promise<readonly string[]> {
  // Injected through the debugger, because the page's policy blocks scripts.
  await page.evaluate(axe.source);
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
