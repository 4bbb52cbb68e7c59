/** The borders of docs/security.md that only a real Electron shows: rows 1 to 5, 7, 13, 14, 20. */
import { expect, test } from './harness';

test('the page has no Node, no Electron, and exactly the contract', async ({ launch }) => {
  const { page } = await launch();
  const seen = await page.evaluate(() => ({
    node: [typeof Reflect.get(globalThis, 'require'), typeof Reflect.get(globalThis, 'process')],
    api: Object.keys(Reflect.get(globalThis, 'splitreel') as object),
    address: location.href,
  }));
  expect(seen.node).toEqual(['undefined', 'undefined']);
  expect(seen.address).toBe('app://splitreel/index.html');
  expect(seen.api).toContain('enqueueJob');
  expect(seen.api.filter((name) => /ipc|invoke|send/i.test(name))).toEqual([]);
});

test('the window keeps sandbox, isolation and web security on', async ({ launch }) => {
  const { app, processTree } = await launch();
  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    // In Electron but not in its types: what the window really runs with.
    const read = contents === undefined ? undefined : (Reflect.get(contents, 'getLastWebPreferences') as () => object);
    return read?.call(contents) as Record<string, unknown>;
  });
  expect(preferences['sandbox']).toBe(true);
  expect(preferences['contextIsolation']).toBe(true);
  expect(preferences['nodeIntegration']).toBe(false);
  expect(preferences['webSecurity']).not.toBe(false);
  expect(preferences['webviewTag']).not.toBe(true);
  const { readFileSync } = await import('node:fs');
  const commandLines = processTree().map((pid) => readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8'));
  expect(commandLines.filter((line) => line.includes('--no-sandbox'))).toEqual([]);
  // Chromium's own sandbox: the page's process has a seccomp filter.
  const pagePid = processTree().find((_, index) => commandLines[index]?.includes('--type=renderer') === true);
  expect(readFileSync(`/proc/${String(pagePid)}/status`, 'utf8')).toMatch(/^Seccomp:\t2$/m);
});

test('nothing leaves the page: no connection, no inline script, no other page, no second window', async ({
  launch,
}) => {
  const { app, page } = await launch();
  const blocked = await page.evaluate(async () => {
    const violations: string[] = [];
    addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
    await fetch('https://example.com/').catch(() => undefined);
    const script = document.createElement('script');
    script.textContent = 'globalThis.inlineRan = true';
    document.head.append(script);
    await new Promise((resolve) => setTimeout(resolve, 200));
    return {
      violations,
      ran: Reflect.get(globalThis, 'inlineRan') as unknown,
      opened: window.open('https://example.com/'),
    };
  });
  expect(blocked.violations).toContain('connect-src');
  expect(blocked.violations.some((directive) => directive.startsWith('script-src'))).toBe(true);
  expect(blocked.ran).toBeUndefined();
  expect(blocked.opened).toBeNull();
  await page.evaluate(() => {
    location.href = 'https://example.com/';
  });
  await page.waitForTimeout(300);
  expect(page.url()).toBe('app://splitreel/index.html');
  expect(app.windows()).toHaveLength(1);
});

test('camera, clipboard and place are denied', async ({ launch }) => {
  const { page } = await launch();
  const states = await page.evaluate(async () => {
    const ask = (name: string) => navigator.permissions.query({ name: name as PermissionName });
    return Promise.all(['camera', 'clipboard-read', 'geolocation'].map(async (name) => (await ask(name)).state));
  });
  expect(states).toEqual(['denied', 'denied', 'denied']);
});
