/** What axe finds in the window as it is now. */
import axe, { type AxeResults } from 'axe-core';
import type { Page } from '@playwright/test';

declare global {
  interface Window {
    readonly axe?: typeof axe;
  }
}

/** Each rule that is broken, with the elements that break it. */
export async function broken(page: Page, where: string): Promise<readonly string[]> {
  // Run by the debugger: the page's policy lets no script in.
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
