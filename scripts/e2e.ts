/**
 * End-to-end tests in the real Electron. As root they run as an ordinary user, because root has no Chromium sandbox;
 * that user gets copies in a readable folder, because root's own folders often aren't.
 */
import { execa } from 'execa';
import { chmod, cp, mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { buildApp } from './build-app';
import { cacheFolder, ROOT } from '../src/cli/paths';
import { openEnvironment } from '../src/cli/compose';
import { ensureInstalled, printSteps } from '../src/cli/install';
import { ensurePackages, isRoot } from '../src/cli/system-packages';
import { print } from '../src/cli/terminal';
import { findRuntime, type Runtime } from './runtime/index';
import { WINDOW_PACKAGES } from './runtime/packages';

const TEST_PACKAGES = [...WINDOW_PACKAGES, 'xvfb', 'xauth', 'ffmpeg'] as const;

const USER = 'splitreel-e2e';
const STAGE = '/var/tmp/splitreel-e2e';
/** The files of the app and its tests; nothing else is copied. */
const STAGED = ['out', 'resources', 'python', 'src', 'test', 'scripts', 'package.json', 'tsconfig.base.json'] as const;

/** Takes screenshots or times instead of running tests. */
const OTHER_KINDS: Readonly<Record<string, string>> = { '--shots': 'shots', '--bench': 'bench' };

/** Only installs and builds what the tests need, so that this can run in parallel with other checks. */
const PREPARE = '--prepare';

/** Runs the specs against the packaged app. */
const PACKAGED = '--packaged';

interface Stage {
  readonly root: string;
  readonly program: string;
  readonly environment: string;
  /** Downloaded packages, in a folder of the user that runs the tests. */
  readonly cache: string;
  /** Arguments before the command. */
  readonly as: readonly string[];
  readonly output: string;
}

async function stageForUser({ program }: Runtime): Promise<Stage> {
  const known = await execa('id', [USER], { reject: false });
  if (known.exitCode !== 0) await execa('useradd', ['--system', '--create-home', '--shell', '/bin/bash', USER]);
  const app = path.join(STAGE, 'app');
  const runtime = path.join(STAGE, 'runtime');
  const output = path.join(STAGE, 'results');
  for (const folder of [app, runtime, output]) await rm(folder, { recursive: true, force: true });
  await mkdir(app, { recursive: true, mode: 0o755 });
  // Python tests that run meanwhile write and replace the others.
  const isSource = (file: string): boolean => !/[\\/](__pycache__|\.\w+_cache|\.hypothesis)$/.test(file);
  for (const name of STAGED)
    await cp(path.join(ROOT, name), path.join(app, name), { recursive: true, filter: isSource });
  // Hard links instead of copies if possible: node_modules is 350 MB, the runtime 240.
  await link(path.join(ROOT, 'node_modules'), path.join(app, 'node_modules'));
  await execa('cp', ['-a', path.dirname(program), runtime]);
  await execa('chmod', ['-R', 'a+rX', app]);
  await chmod(STAGE, 0o755);
  await execa('install', ['-d', '-o', USER, output]);
  const environment = path.join(STAGE, 'environment');
  const env = { ...process.env, PATH: openPath() };
  await ensureInstalled(openEnvironment({ root: environment, appFolder: app, env, onChange: printSteps() }));
  await execa('chmod', ['-R', 'a+rX', environment]);
  const cache = path.join(STAGE, 'cache');
  await execa('install', ['-d', '-o', USER, cache]);
  const as = ['runuser', '-u', USER, '--'];
  return { root: app, program: path.join(runtime, path.basename(program)), environment, cache, as, output };
}

/** PATH without folders in root's home: that user couldn't run a Python from there. */
const openPath = (): string =>
  (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => path.relative(homedir(), folder).startsWith('..'))
    .join(path.delimiter);

async function link(from: string, to: string): Promise<void> {
  const linked = await execa('cp', ['-al', from, to], { reject: false });
  if (linked.exitCode === 0) return;
  await rm(to, { recursive: true, force: true });
  await execa('cp', ['-a', from, to]);
}

async function stageInPlace({ program }: Runtime): Promise<Stage> {
  const environment = path.join(ROOT, 'out', 'e2e-environment');
  await ensureInstalled(openEnvironment({ root: environment, onChange: printSteps() }));
  const output = path.join(ROOT, 'test-results');
  return { root: ROOT, program, environment, cache: cacheFolder(), as: [], output };
}

async function packagedRuntime(runtime: Runtime): Promise<Runtime> {
  await execa('npx', ['tsx', path.join(ROOT, 'scripts', 'package.ts'), 'for-tests'], { cwd: ROOT, stdio: 'inherit' });
  return { ...runtime, program: path.join(ROOT, 'dist', 'for-tests', 'usr', 'lib', 'splitreel', 'splitreel') };
}

async function main(given: readonly string[]): Promise<number> {
  const playwrightArgs = given.filter((arg) => OTHER_KINDS[arg] === undefined && arg !== PACKAGED && arg !== PREPARE);
  const kind = given.map((arg) => OTHER_KINDS[arg]).find((other) => other !== undefined) ?? 'e2e';
  await ensurePackages(TEST_PACKAGES);
  const [checkout] = await Promise.all([findRuntime(), buildApp()]);
  const isPackaged = given.includes(PACKAGED);
  const runtime = isPackaged ? await packagedRuntime(checkout) : checkout;
  const stage = isRoot() ? await stageForUser(runtime) : await stageInPlace(runtime);
  if (given.includes(PREPARE)) return 0;
  const variables = {
    ...runtime.env,
    SPLITREEL_E2E_RUNTIME: stage.program,
    SPLITREEL_E2E_ENVIRONMENT: stage.environment,
    SPLITREEL_E2E_CACHE: stage.cache,
    SPLITREEL_E2E_OUTPUT: stage.output,
    SPLITREEL_E2E_KIND: kind,
    SPLITREEL_E2E_PACKAGED: isPackaged ? '1' : '',
    SPLITREEL_BENCH_OUT: path.join(stage.output, 'app.json'),
    CI: process.env['CI'] ?? '',
    // runuser keeps root's, which that user can't read.
    HOME: isRoot() ? `/home/${USER}` : homedir(),
  };
  const env = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const playwright = [process.execPath, path.join(stage.root, 'node_modules', '@playwright', 'test', 'cli.js'), 'test'];
  const config = ['-c', path.join(stage.root, 'test', 'e2e', 'playwright.config.ts')];
  const [file = 'env', ...prefix] = [...stage.as, 'env', ...env];
  const args = [...prefix, ...playwright, ...config, ...playwrightArgs];
  const { exitCode } = await execa(file, args, { cwd: stage.root, stdio: 'inherit', reject: false });
  print(`${kind === 'bench' ? 'Figures' : 'Pictures and traces'}: ${stage.output}`);
  return exitCode ?? 1;
}

process.exitCode = await main(process.argv.slice(2));
