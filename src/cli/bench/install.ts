import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installSettingsSchema } from '../../main/install/install-settings';
import { lockFor } from '../../main/install/variant';
import { INSTALL_STEPS, type Variant } from '../../shared/environment';
import type { Command } from '../command';
import { openEnvironment } from '../compose';
import { describeEstimate, parseVariant } from '../install';
import { fromCaller, ROOT } from '../paths';
import { print } from '../terminal';
import { download } from './download';

type Step = (typeof INSTALL_STEPS)[number];
type Seconds = Readonly<Record<Step | 'all', number>>;

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

/** The app's own install into a new slot: seconds of each step, and in total. */
async function byUs(root: string, downloads: string, variant: Variant): Promise<Seconds> {
  const spent: Record<Step, number> = { tool: 0, python: 0, packages: 0, checking: 0, switching: 0 };
  let step: Step | null = null;
  let since = performance.now();
  const next = (to: Step | null): void => {
    if (to === step) return;
    if (step !== null) spent[step] += secondsSince(since);
    step = to;
    since = performance.now();
  };
  const service = openEnvironment({
    root,
    downloads,
    choice: variant,
    onChange: (environment) => {
      next(environment.status === 'installing' ? environment.progress.step : null);
    },
  });
  await service.check();
  for (const line of describeEstimate(await service.estimate())) print(`  ${line}`);
  const start = performance.now();
  await service.install();
  const all = secondsSince(start);
  next(null);
  const state = service.get();
  if (state.status !== 'ready') throw new Error(`the install ended as ${state.status}`);
  return { ...spent, all };
}

/** A new venv and plain pip, with the same lock and its hashes, without a test afterwards. */
async function byPip(folder: string, cache: string, lockFile: string, python: string): Promise<number> {
  const start = performance.now();
  await execa(python, ['-m', 'venv', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  const args = ['-m', 'pip', 'install', '--quiet', '--require-hashes', '--no-deps', '--only-binary', ':all:'];
  await execa(path.join(folder, 'bin', 'python'), [...args, '--requirement', lockFile], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PIP_CACHE_DIR: cache, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
  });
  return secondsSince(start);
}

async function measure(folder: string, variant: Variant): Promise<Readonly<Record<string, number>>> {
  const settings = installSettingsSchema.parse(
    JSON.parse(await readFile(path.join(ROOT, 'resources', 'environment.json'), 'utf8')),
  );
  const lock = await readFile(path.join(ROOT, 'python', 'requirements.lock'), 'utf8');
  const lockFile = path.join(folder, 'requirements.lock');
  await writeFile(lockFile, lockFor(variant, lock, settings.gpuOnlyPackages));
  const python = await openEnvironment({ root: path.join(folder, 'unused') }).systemPython();
  if (python === null) throw new Error(`Python ${settings.pythonVersion} with pip is needed here`);

  const ours: Record<string, Seconds> = {};
  const pips: Record<string, number> = {};
  for (const kind of ['cold', 'warm'] as const) {
    print(`Splitreel, ${kind}`);
    // The second has the downloads of the first and a new root; each is removed before the next begins.
    const root = path.join(folder, `ours-${kind}`);
    ours[kind] = await byUs(root, path.join(folder, 'uv'), variant);
    await rm(root, { recursive: true });
  }
  await rm(path.join(folder, 'uv'), { recursive: true });
  for (const kind of ['cold', 'warm'] as const) {
    print(`pip, ${kind}`);
    const venv = path.join(folder, `pip-${kind}`);
    pips[kind] = await byPip(venv, path.join(folder, 'pip'), lockFile, python);
    await rm(venv, { recursive: true });
  }
  const figures: Record<string, number> = {};
  for (const [kind, seconds] of Object.entries(ours)) {
    for (const [step, value] of Object.entries(seconds)) figures[`${kind}.${step}Seconds`] = value;
    figures[`${kind}.pipSeconds`] = pips[kind] ?? Number.NaN;
  }
  return figures;
}

function printTable(figures: Readonly<Record<string, number>>): void {
  const shown = (name: string): string => (figures[name] ?? Number.NaN).toFixed(1);
  print('\n| seconds | cold | warm |\n| --- | --- | --- |');
  const row = (name: string, key: string): void => {
    print(`| ${name} | ${shown(`cold.${key}`)} | ${shown(`warm.${key}`)} |`);
  };
  row('Splitreel, all of it', 'allSeconds');
  for (const step of INSTALL_STEPS) row(`of it: ${step}`, `${step}Seconds`);
  row('pip, which tries nothing afterwards', 'pipSeconds');
}

async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { variant: { type: 'string', default: 'cpu' }, folder: { type: 'string' }, out: { type: 'string' } },
  });
  const choice = parseVariant(values.variant);
  const base = values.folder === undefined ? tmpdir() : fromCaller(values.folder);
  await mkdir(base, { recursive: true });
  const folder = await mkdtemp(path.join(base, 'splitreel-install-'));
  try {
    const figures = await measure(folder, choice === 'auto' ? 'cpu' : choice);
    printTable(figures);
    print('\nModels, as npm run bench -- download:');
    await download.run([]);
    if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(figures, null, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return 0;
}

/** Fetches all packages twice over the network and needs about 15 GB of space; the user's own environment stays as it is. */
export const install: Command = {
  name: 'install',
  summary:
    'install the environment from scratch and again, compared with plain pip using the same lock; then as download',
  run,
};
