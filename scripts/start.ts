/** `npm start`: installs everything the window needs, then opens it. Later starts take seconds. */
import { execa } from 'execa';
import { buildApp } from './build-app';
import { ROOT } from '../src/cli/paths';
import { ensurePackages, isOnPath, isRoot } from '../src/cli/system-packages';
import { withoutNodeVariables } from '../src/main/window/debug-switches';
import { print } from '../src/cli/terminal';
import { findRuntime } from './runtime/index';
import { WINDOW_PACKAGES } from './runtime/packages';

const GENERATE = 'npm run generate -- --model demo --prompt "A red ball rolls to the right"';

/** Suggests only commands that work on this machine. */
const noDisplay = (): string =>
  [
    'There is no display to open a window on. To make a video without one, run:',
    `  ${GENERATE}`,
    ...(isOnPath('xvfb-run') ? ['To open the window on a virtual display, run:', '  xvfb-run -a npm start'] : []),
  ].join('\n');

/** Chromium refuses to run as root with its sandbox on. */
const WITHOUT_SANDBOX = '--no-sandbox';

async function start(): Promise<number> {
  const { env, platform } = process;
  if (platform === 'linux') {
    if (env['DISPLAY'] === undefined && env['WAYLAND_DISPLAY'] === undefined) {
      print(noDisplay());
      return 1;
    }
    await ensurePackages(WINDOW_PACKAGES);
  }
  const [runtime] = await Promise.all([findRuntime(), buildApp()]);
  const flags: string[] = [];
  if (isRoot()) {
    print(
      "Chromium's sandbox is off, because it doesn't work for root. Start Splitreel as an ordinary user to keep it on.",
    );
    flags.push(WITHOUT_SANDBOX);
  }
  print('Opening the window.');
  const child = execa(runtime.program, [...flags, ROOT, ...process.argv.slice(2)], {
    cwd: ROOT,
    env: { ...withoutNodeVariables(env), NODE_ENV: 'production', ...runtime.env },
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
    // After Ctrl+C the app stops its worker properly. Give it time before killing it.
    forceKillAfterDelay: 15_000,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const { exitCode, signal } = await child;
  return exitCode ?? (signal === undefined ? 1 : 128);
}

try {
  process.exitCode = await start();
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
