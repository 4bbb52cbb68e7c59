/** The borders in docs/security.md that need a real Electron: rows 1 to 14, 20, 21, 24. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { metadata, mp4 } from '../fakes/mp4';
import { commandLine, expect, test } from './harness';
import { fillForm, generateButton, waitForStep } from './steps';

/** The page knows its language before its first call. */
const PAGE = 'app://splitreel/index.html?language=en';

test('the page has no Node, no Electron, and exactly the contract', async ({ launch }) => {
  const { page } = await launch();
  const seen = await page.evaluate(() => ({
    node: [typeof Reflect.get(globalThis, 'require'), typeof Reflect.get(globalThis, 'process')],
    api: Object.keys(Reflect.get(globalThis, 'splitreelBridge') as object),
    address: location.href,
  }));
  expect(seen.node).toEqual(['undefined', 'undefined']);
  expect(seen.address).toBe(PAGE);
  expect(seen.api).toContain('enqueueJobs');
  expect(seen.api.filter((name) => /ipc|invoke|send$/i.test(name))).toEqual([]);
});

test('subframes have no Node and no contract, and no worker runs', async ({ launch }) => {
  const { page } = await launch();
  const seen = await page.evaluate(async () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const inside = frame.contentWindow as object;
    const worker = await new Promise<string>((resolve) => {
      try {
        const started = new Worker(URL.createObjectURL(new Blob(['postMessage(typeof process)'])));
        started.onerror = () => resolve('blocked');
        started.onmessage = ({ data }) => resolve(String(data));
      } catch {
        resolve('blocked');
      }
    });
    return { names: ['require', 'process', 'splitreelBridge'].map((name) => typeof Reflect.get(inside, name)), worker };
  });
  expect(seen.names).toEqual(['undefined', 'undefined', 'undefined']);
  expect(seen.worker).toBe('blocked');
});

test('no request leaves Electron, whoever makes it, and no download is saved', async ({ launch }) => {
  const { app } = await launch();
  let hits = 0;
  const server = createServer((_request, answer) => {
    hits += 1;
    answer.end('reached');
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  try {
    const seen = await app.evaluate(
      async ({ BrowserWindow, net, session }, url) => {
        const answerTo = (from: typeof session.defaultSession) =>
          new Promise<string>((resolve) => {
            const sent = net.request({ url, session: from });
            sent.on('response', () => resolve('answered'));
            sent.on('error', (error) => resolve(error.message));
            sent.end();
          });
        const request = await answerTo(session.defaultSession);
        // Chromium's own connections pass no filter: for them no host name can be resolved.
        const unfiltered = await answerTo(session.fromPartition('unfiltered'));
        const download = await new Promise<boolean>((resolve) => {
          session.defaultSession.once('will-download', (event) => resolve(event.defaultPrevented));
          session.defaultSession.downloadURL('app://splitreel/index.html');
        });
        const policies = BrowserWindow.getAllWindows().map((each) => each.webContents.getWebRTCIPHandlingPolicy());
        return { request, unfiltered, download, policies };
      },
      `http://127.0.0.1:${String(port)}/`,
    );
    expect(seen.request).toContain('ERR_BLOCKED_BY_CLIENT');
    expect(seen.unfiltered).toContain('ERR_NAME_NOT_RESOLVED');
    expect(seen.download).toBe(true);
    expect(new Set(seen.policies)).toEqual(new Set(['disable_non_proxied_udp']));
    expect(hits).toBe(0);
  } finally {
    server.close();
  }
});

/** The page's effective preferences, which Electron has but its types lack. */
type WebPreferences = Readonly<Record<string, unknown>>;

/** Electron's checklist, points 2 to 10. */
function expectClosed(preferences: WebPreferences): void {
  expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false });
  expect(preferences['webSecurity']).not.toBe(false);
  for (const name of [
    'nodeIntegrationInWorker',
    'nodeIntegrationInSubFrames',
    'webviewTag',
    'allowRunningInsecureContent',
    'experimentalFeatures',
  ])
    expect(preferences[name], name).not.toBe(true);
  expect(preferences['enableBlinkFeatures'] ?? '').toBe('');
}

test('the window keeps sandbox, isolation and web security on', async ({ launch }) => {
  const { app, processTree } = await launch();
  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    const read = contents === undefined ? undefined : (Reflect.get(contents, 'getLastWebPreferences') as () => object);
    return read?.call(contents) as WebPreferences;
  });
  expectClosed(preferences);
  const commandLines = new Map(processTree().map((pid) => [pid, commandLine(pid)]));
  expect([...commandLines.values()].filter((line) => line.includes('--no-sandbox'))).toEqual([]);
  // Chromium's own sandbox: the page's process has a seccomp filter.
  const pagePid = [...commandLines].find(([, line]) => line.includes('--type=renderer'))?.[0];
  expect(readFileSync(`/proc/${String(pagePid)}/status`, 'utf8')).toMatch(/^Seccomp:\t2$/m);
});

test('the hidden page that draws thumbnails is as closed, and has no preload', async ({ launch }) => {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'splitreel-e2e-'));
  const videos = path.join(dataFolder, 'videos');
  mkdirSync(videos);
  const { app } = await launch({ dataFolder });
  await app.evaluate(({ app: electron }) => {
    electron.once('web-contents-created', (_event, contents) => {
      const read = Reflect.get(contents, 'getLastWebPreferences') as () => object;
      Reflect.set(globalThis, 'seenPreferences', read.call(contents));
    });
  });
  writeFileSync(path.join(videos, 'made.mp4'), mp4(JSON.stringify(metadata())));
  const seen = () => app.evaluate(() => Reflect.get(globalThis, 'seenPreferences') as WebPreferences | undefined);
  await expect.poll(seen).toBeDefined();
  const preferences = (await seen()) ?? {};
  expectClosed(preferences);
  expect(preferences['preload'] ?? '').toBe('');
});

test('nothing leaves the page: no connection, no inline script, no other page, no second window', async ({
  launch,
}) => {
  const { app, page } = await launch();
  const blocked = await page.evaluate(async () => {
    const violations: string[] = [];
    const bothArrived = new Promise<void>((resolve) => {
      addEventListener('securitypolicyviolation', (event) => {
        violations.push(event.effectiveDirective);
        const hasScript = violations.some((directive) => directive.startsWith('script-src'));
        if (hasScript && violations.includes('connect-src')) resolve();
      });
    });
    await fetch('https://example.com/').catch(() => undefined);
    const script = document.createElement('script');
    script.textContent = 'globalThis.inlineRan = true';
    document.head.append(script);
    await bothArrived;
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
  await app.evaluate(({ BrowserWindow }) => {
    const isRefused = new Promise<boolean>((resolve) => {
      BrowserWindow.getAllWindows()[0]?.webContents.once('will-navigate', (event) => {
        resolve(event.defaultPrevented);
      });
    });
    Reflect.set(globalThis, 'isRefused', isRefused);
  });
  await page.evaluate(() => {
    location.href = 'https://example.com/';
  });
  expect(await app.evaluate(() => Reflect.get(globalThis, 'isRefused') as Promise<boolean>)).toBe(true);
  expect(page.url()).toBe(PAGE);
  expect(app.windows()).toHaveLength(1);
});

test('camera, clipboard and place are denied', async ({ launch }) => {
  const { page } = await launch();
  const states = await page.evaluate(async () => {
    const ask = (name: string) => navigator.permissions.query({ name: name as PermissionName });
    return Promise.all(['camera', 'clipboard-read', 'geolocation'].map(async (name) => (await ask(name)).state));
  });
  expect(states).toEqual(['denied', 'denied', 'denied']);
  // Asked for, not only looked up: Electron grants what no handler refuses.
  expect(await page.evaluate(() => Notification.requestPermission())).toBe('denied');
});

test('no form, meta refresh, frame or webview leads anywhere', async ({ launch }) => {
  const { app, page, dataFolder } = await launch();
  await page.evaluate((file) => {
    const form = document.createElement('form');
    form.action = 'https://example.com/';
    document.body.append(form);
    form.submit();
    const refresh = document.createElement('meta');
    refresh.httpEquiv = 'refresh';
    // Our own origin, which no request filter or policy would block.
    refresh.content = '0;url=app://splitreel/blank.html';
    document.head.append(refresh);
    const frame = document.createElement('iframe');
    frame.src = `file://${file}/settings.json`;
    const view = document.createElement('webview');
    view.setAttribute('src', 'https://example.com/');
    const link = document.createElement('a');
    link.href = 'https://example.com/';
    link.target = '_blank';
    document.body.append(frame, view, link);
    link.click();
    link.dispatchEvent(new MouseEvent('auxclick', { button: 1, bubbles: true }));
  }, dataFolder);
  await page.waitForTimeout(500);
  expect(page.url()).toBe(PAGE);
  expect(app.windows()).toHaveLength(1);
  const contents = await app.evaluate(({ webContents }) =>
    webContents.getAllWebContents().map((each) => each.getType()),
  );
  expect(contents).toEqual(['window']);
  expect(
    page
      .frames()
      .map((frame) => frame.url())
      .filter((url) => url.startsWith('file:')),
  ).toEqual([]);
});

test('a dropped file does not replace the page, even where the page would let it', async ({ launch }) => {
  const { page, dataFolder } = await launch();
  const file = path.join(dataFolder, 'dropped.html');
  writeFileSync(file, '<title>dropped</title>');
  await page.evaluate(() => {
    // Runs before the page's own listeners, which would handle the file, and so leaves Chromium's default behavior.
    for (const name of ['dragenter', 'dragover', 'drop'])
      addEventListener(name, (event) => event.stopImmediatePropagation(), { capture: true });
  });
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await client.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
  await page.waitForTimeout(500);
  expect(page.url()).toBe(PAGE);
  expect(await page.title()).toBe('Splitreel');
});

test('a video is asked for by id alone, and no address leads out of its folder', async ({ launch }) => {
  const { page } = await launch();
  const answers = await page.evaluate(async () => {
    const load = (src: string) =>
      new Promise<string>((resolve) => {
        const image = new Image();
        image.onload = () => resolve('loaded');
        image.onerror = () => resolve('refused');
        image.src = src;
      });
    return Promise.all(
      [
        'app://splitreel/../settings.json',
        'app://splitreel/%2e%2e/%2e%2e/etc/passwd',
        'app://splitreel/media/../../settings.json',
        'app://splitreel/media/%252e%252e%252fsettings',
        'app://other/index.html',
        'file:///etc/passwd',
      ].map(load),
    );
  });
  expect(answers).toEqual(Array.from({ length: 6 }, () => 'refused'));
});

test('while a video is made nothing listens but ranks on loopback', async ({ launch }) => {
  const { page, processTree, pid } = await launch({ withEnvironment: true });
  // Playwright's two debugging ports, of Node's inspector and of Chromium; the app itself opens none.
  const debugPorts = listeners([pid]);
  expect(debugPorts).toHaveLength(2);
  expect(listeners(processTree())).toEqual(debugPorts);
  await fillForm(page, { ranks: 2, steps: 40 });
  await generateButton(page).click();
  await waitForStep(page, 1);
  const tree = processTree();
  const isDebugPort = (address: string): boolean => debugPorts.includes(address);
  const open = listeners(tree).filter((address) => !isDebugPort(address));
  // Ranks communicate over loopback; seeing them shows that the check works.
  expect(open.length).toBeGreaterThan(0);
  expect(open.filter((address) => !address.startsWith('127.0.0.1'))).toEqual([]);
  expect(listeners([pid, supervisorOf(tree)])).toEqual(debugPorts);
});

function supervisorOf(tree: readonly number[]): number {
  const found = tree.find((pid) => /python serve\s*$/.test(commandLine(pid)));
  if (found === undefined) throw new Error('no supervisor runs');
  return found;
}

/** What the process has open. It closes files, and may end, while they are listed. */
function openFiles(pid: number): readonly string[] {
  const folder = `/proc/${String(pid)}/fd`;
  const unlessGone = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch {
      return null;
    }
  };
  const names = unlessGone(() => readdirSync(folder)) ?? [];
  return names.map((name) => unlessGone(() => readlinkSync(path.join(folder, name)))).filter((file) => file !== null);
}

/** The addresses and ports these processes listen on, from /proc: each once, sorted. */
function listeners(pids: readonly number[]): string[] {
  const sockets = new Set(pids.flatMap(openFiles));
  const ipv4 = (bytes: string): string =>
    (bytes.match(/../g) ?? [])
      .reverse()
      .map((byte) => String(parseInt(byte, 16)))
      .join('.');
  const address = (local: string): string => {
    const [bytes = '', port = ''] = local.split(':');
    const isLoopback6 = bytes === '00000000000000000000000001000000';
    const host = bytes.length === 8 ? ipv4(bytes) : isLoopback6 ? '127.0.0.1 (::1)' : bytes;
    return `${host}:${String(parseInt(port, 16))}`;
  };
  const found = ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(`socket:[${fields[9] ?? ''}]`))
      .map((fields) => address(fields[1] ?? '')),
  );
  return [...new Set(found)].sort();
}
