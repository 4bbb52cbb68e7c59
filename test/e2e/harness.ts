/** Starts the built app in a real Electron, with the test's own data folder and GPUs. Run by scripts/e2e.ts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, expect, test as base, type ElectronApplication, type Page } from '@playwright/test';

const ROOT = path.resolve(import.meta.dirname, '..', '..');

/** The machine that the fake nvidia-smi reports; `none`: no such program. */
export type FakeGpus = '0' | '1' | '2' | '4' | '8' | 'mixed' | 'old' | 'hang' | 'garbage' | 'nodriver' | 'none';

export interface LaunchOptions {
  readonly gpus?: FakeGpus;
  /** False: as on a fresh machine. */
  readonly withEnvironment?: boolean;
  /** From an earlier launch, to restart the app on it. */
  readonly dataFolder?: string;
  /** Uses the test user's package cache, which persists between runs: for tests that install. */
  readonly withPackageCache?: boolean;
  /** No package index can be reached: every request is refused immediately. */
  readonly isOffline?: boolean;
  /** Makes `gc()` callable, in main and in the page: for figures of memory. */
  readonly withGc?: boolean;
  /** Device pixels per CSS pixel. */
  readonly scale?: number;
  /** Of the system, as in LANG. */
  readonly locale?: string;
}

export interface RunningApp {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly dataFolder: string;
  readonly pid: number;
  /** Playwright's `app.process()` fails once the app has ended. */
  readonly child: ChildProcess;
  /** The app and its descendants, from /proc. */
  readonly processTree: () => readonly number[];
  readonly screenshot: (name: string) => Promise<void>;
}

interface Fixtures {
  readonly launch: (options?: LaunchOptions) => Promise<RunningApp>;
}

interface WorkerFixtures {
  /** As in DISPLAY. Each worker has its own, because windows on one display take the focus from each other. */
  readonly display: string;
}

function need(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: run the tests by npm run test:e2e`);
  return value;
}

export function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

/** Empty where the process has gone. */
export const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

/** A zombie has ended; its parent just hasn't reaped it yet. */
export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Does nothing if the process has ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended between two looks at /proc.
  }
}

export function descendants(root: number): readonly number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const parents = new Map(all.map((pid) => [pid, parentOf(pid)]));
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid) ?? null;
    return parent !== null && (parent === root || isBelow(parent));
  };
  return [...all.filter((pid) => pid === root), ...all.filter((pid) => pid !== root && isBelow(pid))];
}

/** Nothing listens on this port. */
const NOWHERE = 'http://127.0.0.1:9';
const OFFLINE = { HTTP_PROXY: NOWHERE, HTTPS_PROXY: NOWHERE, ALL_PROXY: NOWHERE, UV_DEFAULT_INDEX: NOWHERE };

/** A PATH whose first folder holds the stand-in. */
function fakeGpuPath(folder: string, gpus: FakeGpus): string {
  mkdirSync(folder, { recursive: true });
  const usual = process.env['PATH'] ?? '/usr/bin:/bin';
  if (gpus === 'none') return usual;
  rmSync(path.join(folder, 'nvidia-smi'), { force: true });
  symlinkSync(path.join(ROOT, 'test', 'fakes', 'nvidia-smi'), path.join(folder, 'nvidia-smi'));
  writeFileSync(path.join(folder, 'fake-gpus'), gpus);
  return `${folder}${path.delimiter}${usual}`;
}

export const isPackaged = process.env['SPLITREEL_E2E_PACKAGED'] === '1';

/** The program, its arguments and its environment. */
export function programOf(options: LaunchOptions, dataFolder: string) {
  return {
    executablePath: need('SPLITREEL_E2E_RUNTIME'),
    // The packaged app knows its own folder.
    args: [
      ...(isPackaged ? [] : [ROOT]),
      ...(options.withGc === true ? ['--js-flags=--expose-gc'] : []),
      ...(options.scale === undefined ? [] : [`--force-device-scale-factor=${String(options.scale)}`]),
    ],
    env: {
      HOME: process.env['HOME'] ?? dataFolder,
      DISPLAY: need('DISPLAY'),
      PATH: fakeGpuPath(path.join(dataFolder, 'bin'), options.gpus ?? 'none'),
      LANG: options.locale ?? 'C.UTF-8',
      NODE_ENV: 'production',
      // Playwright opens the app through its debug switches.
      SPLITREEL_DEVELOPER: '1',
      SPLITREEL_DATA: dataFolder,
      SPLITREEL_CACHE: options.withPackageCache === true ? need('SPLITREEL_E2E_CACHE') : path.join(dataFolder, 'cache'),
      SPLITREEL_RUNTIME: process.env['SPLITREEL_RUNTIME'] ?? 'official',
      SPLITREEL_RUNTIME_NOTE: process.env['SPLITREEL_RUNTIME_NOTE'] ?? '',
      OMP_NUM_THREADS: '1',
      ...(options.isOffline === true ? OFFLINE : {}),
    },
  };
}

/** Where `npm run screenshots` and the specs save screenshots. */
export function shotFile(name: string): string {
  const folder = path.join(need('SPLITREEL_E2E_OUTPUT'), 'shots');
  mkdirSync(folder, { recursive: true });
  return path.join(folder, name);
}

async function launchApp(options: LaunchOptions): Promise<RunningApp> {
  const dataFolder = options.dataFolder ?? mkdtempSync(path.join(tmpdir(), 'splitreel-e2e-'));
  if (options.withEnvironment === true && options.dataFolder === undefined)
    symlinkSync(need('SPLITREEL_E2E_ENVIRONMENT'), path.join(dataFolder, 'environment'));
  chmodSync(dataFolder, 0o700);
  const app = await _electron.launch({
    ...programOf(options, dataFolder),
    // Without this, Playwright turns the sandbox off.
    chromiumSandbox: true,
  });
  const page = await app.firstWindow();
  // A key pressed before the first render's effects, which set the theme, is lost.
  await page.locator('html[data-theme]').waitFor();
  const child = app.process();
  const { pid } = child;
  if (pid === undefined) throw new Error('Electron has no process');
  return {
    app,
    page,
    dataFolder,
    pid,
    child,
    processTree: () => descendants(pid),
    screenshot: async (name) => {
      await page.screenshot({ path: shotFile(`${name}.png`) });
    },
  };
}

/** Makes the system's dialog return this folder, because a test can't click it. */
export const answerFolderDialog = (app: ElectronApplication, folder: string): Promise<void> =>
  app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
  }, folder);

/** Like `answerFolderDialog`, for a dialog that asks where to save a file. */
export const answerSaveDialog = (app: ElectronApplication, file: string): Promise<void> =>
  app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen });
  }, file);

export interface Dragged {
  readonly file: string;
  readonly hasIcon: boolean;
}

/** The system performs drags, so from now on main records them instead. Returns a function that reads the last one. */
export async function keepDrags(app: ElectronApplication): Promise<() => Promise<Dragged | undefined>> {
  await app.evaluate(({ BrowserWindow }) => {
    // Another, hidden window may be drawing a thumbnail.
    const contents = BrowserWindow.getAllWindows().find((window) => window.isVisible())?.webContents;
    if (contents === undefined) throw new Error('no window');
    contents.startDrag = (item) => {
      Reflect.set(globalThis, 'dragged', { file: item.file, hasIcon: !(item.icon as Electron.NativeImage).isEmpty() });
    };
  });
  return () => app.evaluate(() => Reflect.get(globalThis, 'dragged') as Dragged | undefined);
}

/** `kill -9` of the app. Resolves when it has ended; the processes that it started may still be ending. */
export async function killApp({ child, pid }: RunningApp): Promise<void> {
  const ended = once(child, 'exit');
  process.kill(pid, 'SIGKILL');
  await ended;
}

/** Waits until the app runs this command of the engine, and stops the process where it is. Returns its pid. */
export async function freezeCommand({ processTree }: RunningApp, name: string): Promise<number> {
  const find = (): number | undefined => processTree().find((pid) => commandLine(pid).includes(` ${name} --events `));
  const freeze = (): boolean => {
    const found = find();
    if (found !== undefined) signal(found, 'SIGSTOP');
    return found !== undefined;
  };
  await expect.poll(freeze, { timeout: 120_000, intervals: [5] }).toBe(true);
  const frozen = find();
  if (frozen === undefined) throw new Error(`${name} ended before it was stopped`);
  return frozen;
}

/** Ends the app and its descendants, whatever their state. Until they have ended, they may write to their folder. */
async function end({ child, pid }: RunningApp): Promise<void> {
  // Another process may have its pid by now.
  if (child.exitCode !== null || child.signalCode !== null) return;
  // A running app would start processes in place of those that end here.
  signal(pid, 'SIGSTOP');
  const tree = descendants(pid);
  for (const each of [...tree].reverse()) signal(each, 'SIGKILL');
  await expect.poll(() => tree.filter(isAlive)).toEqual([]);
}

async function openDisplay(): Promise<{ readonly display: string; readonly close: () => void }> {
  const server = spawn('Xvfb', ['-displayfd', '1', '-ac', '-screen', '0', '3840x2160x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [answer] = (await once(server.stdout, 'data')) as [Buffer];
  return { display: `:${answer.toString().trim()}`, close: () => void server.kill() };
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  display: [
    // eslint-disable-next-line no-empty-pattern -- as below
    async ({}, use) => {
      const { display, close } = await openDisplay();
      process.env['DISPLAY'] = display;
      await use(display);
      close();
    },
    { scope: 'worker', auto: true },
  ],
  // Playwright reads a fixture's dependencies from this parameter, so it is required.
  // eslint-disable-next-line no-empty-pattern -- nothing is needed
  launch: async ({}, use) => {
    const started: RunningApp[] = [];
    await use(async (options = {}) => {
      const running = await launchApp(options);
      started.push(running);
      return running;
    });
    for (const running of started) await end(running);
    // Processes of an app that the test killed may still be writing.
    for (const { dataFolder } of started) rmSync(dataFolder, { recursive: true, force: true, maxRetries: 10 });
  },
});
export { expect } from '@playwright/test';
