/** `npm start`: everything that the window needs, then the window. A second start finds it all and takes seconds. */
import { execa } from 'execa';
import { buildApp } from './build-app';
import { ROOT } from '../src/cli/paths';
import { ensurePackages, isRoot } from '../src/cli/system-packages';
import { withoutNodeVariables } from '../src/main/window/debug-switches';
import { print } from '../src/cli/terminal';
import { findRuntime } from './runtime/index';
import { WINDOW_PACKAGES } from './runtime/packages';

const NO_DISPLAY = `There is no display to show a window on. Either run it under a virtual one:
  xvfb-run -a npm start
or make videos without a window:
  npm run generate -- --model demo --prompt "A red ball rolls to the right"`;

/** Chromium refuses to run as root with its sandbox on. */
const WITHOUT_SANDBOX = '--no-sandbox';

async function start(): Promise<number> {
  const { env, platform } = process;
  if (platform === 'linux') {
    if (env['DISPLAY'] === undefined && env['WAYLAND_DISPLAY'] === undefined) {
      print(NO_DISPLAY);
      return 1;
    }
    await ensurePackages(WINDOW_PACKAGES);
  }
  const [runtime] = await Promise.all([findRuntime(), buildApp()]);
  const flags: string[] = [];
  if (isRoot()) {
    print(
      "You are root, and Chromium's sandbox does not work for root: it is off. Start as an ordinary user to have it.",
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
    // The app ends its worker in order when the terminal says stop; it must not be shot meanwhile.
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
