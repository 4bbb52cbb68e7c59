/**
 * `npm test` runs every check, `npm run check` the fast ones: those that only read, and the unit tests. Names of checks as
 * arguments run just these; `--thorough` adds every kind of model, plan and rank to the Python tests. A failing check does
 * not stop the others.
 */
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { folderForTests, pythonForTests } from './python-for-tests';

const root = path.resolve(import.meta.dirname, '..');
const pythonFolder = path.join(root, 'python');

/**
 * Groups run one after another. Static checks run as many at a time as there are cores, tests two at a time, in the order
 * of `allChecks`: the longest first. The window's tests run alone at the end, because they click on what moves. What they
 * need is downloaded and built beside the tests before them, and Python for the tests beside the static checks.
 */
type Group = 'static' | 'test' | 'window';

const TEST_LANES = 2;
/** The rest of `tests` takes as long as these. */
const ENGINE_TESTS = ['tests/engine', 'tests/kernels', 'tests/parallel', 'tests/demo'] as const;

/** Of the tests, the modules that others import. */
const TEST_HELPERS = [
  'tests/engine/world.py',
  'tests/engine/matrix.py',
  'tests/processes/worker.py',
  'tests/fakes',
] as const;

interface Check {
  readonly name: string;
  readonly group: Group;
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** Waits for the Python environment of the tests. */
  readonly needsPython: boolean;
  /** Waits for the preparation of the end-to-end tests, which builds the app and installs Debian packages too. */
  readonly buildsApp: boolean;
  /** Reads the runner's summary; null where the command itself is the one check. */
  readonly count: ((output: string) => Count) | null;
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

function numberBefore(word: string, output: string): number {
  return Number(new RegExp(`(\\d+) ${word}`).exec(output)?.[1] ?? 0);
}

/** vitest: `Tests  3 failed | 41 passed (44)`. */
function countVitest(output: string): Count {
  const line = output.split('\n').findLast((text) => /^\s*Tests\s/.test(text)) ?? '';
  return { passed: numberBefore('passed', line), failed: numberBefore('failed', line) };
}

/** pytest: `3 failed, 41 passed in 2.1s`; an error during set-up counts as a failure. */
function countPytest(output: string): Count {
  const line = output.split('\n').findLast((text) => / in \d/.test(text)) ?? '';
  return { passed: numberBefore('passed', line), failed: numberBefore('failed', line) + numberBefore('error', line) };
}

/** Playwright: `  3 failed` and `  41 passed (2.1m)`, each on a line of its own at the end. */
function countPlaywright(output: string): Count {
  const last = (word: string): number =>
    Number(
      output
        .split('\n')
        .findLast((text) => new RegExp(`^\\s+\\d+ ${word}\\b`).test(text))
        ?.trim()
        .split(' ')[0] ?? 0,
    );
  return { passed: last('passed'), failed: last('failed') + last('did not run') };
}

const staticCheck = (name: string, command: Check['command']): Check => {
  return { name, group: 'static', command, cwd: root, needsPython: false, buildsApp: false, count: null };
};
const vitest = (name: string, ...projects: readonly string[]): Check => {
  const command: Check['command'] = ['npx', 'vitest', 'run', ...projects.map((project) => `--project=${project}`)];
  return { name, group: 'test', command, cwd: root, needsPython: true, buildsApp: false, count: countVitest };
};

function allChecks(pythonEnvironment: string, { isThorough }: { readonly isThorough: boolean }): readonly Check[] {
  const tool = (name: string): string => path.join(pythonEnvironment, 'bin', name);
  const pythonCheck = (name: string, program: string, ...args: readonly string[]): Check => {
    const command: Check['command'] = [tool(program), ...args];
    return { ...staticCheck(name, command), cwd: pythonFolder, needsPython: true };
  };
  const pytest = (name: string, ...args: readonly string[]): Check => {
    const command: Check['command'] = [
      tool('python'),
      '-m',
      'pytest',
      '--durations=15',
      ...args,
      ...(isThorough ? [THOROUGH] : []),
    ];
    return { name, group: 'test', command, cwd: pythonFolder, needsPython: true, buildsApp: false, count: countPytest };
  };
  return [
    staticCheck('lint', ['npx', 'eslint', '--max-warnings', '0', '.']),
    staticCheck('types', ['npx', 'tsc', '--build']),
    staticCheck('format', ['npx', 'prettier', '--check', '--log-level', 'warn', '.']),
    staticCheck('imports', ['npm', 'run', '--silent', 'imports']),
    staticCheck('dead-code', ['npx', 'knip']),
    staticCheck('contract-generated', ['npx', 'tsx', 'scripts/contract.ts', '--check']),
    staticCheck('mutations', ['npx', 'tsx', 'scripts/mutations.ts', '--check']),
    // It uses the uv that the environment is made with.
    { ...staticCheck('locks', ['npx', 'tsx', 'scripts/locks.ts', '--check']), needsPython: true },
    pythonCheck('python-types', 'mypy', '--strict', 'splitreel', ...TEST_HELPERS),
    pythonCheck('python-format', 'ruff', 'format', '--check', '--quiet', '.'),
    pythonCheck('python-lint', 'ruff', 'check', '--quiet', '.'),
    pythonCheck('python-imports', 'lint-imports'),
    pythonCheck('python-dead-code', 'vulture'),
    pytest('python', 'tests', ...ENGINE_TESTS.map((folder) => `--ignore=${folder}`)),
    pytest('python-engine', ...ENGINE_TESTS),
    vitest('install', 'install'),
    { ...vitest('packaged', 'packaged'), buildsApp: true },
    vitest('unit', 'unit', 'window'),
    vitest('process', 'process'),
    vitest('contract', 'contract'),
    vitest('fuzz', 'fuzz'),
    { ...vitest('chromium', 'chromium'), group: 'window' },
    { ...vitest('e2e'), group: 'window', command: END_TO_END, count: countPlaywright },
  ];
}

const END_TO_END = ['npx', 'tsx', 'scripts/e2e.ts'] as const;

/** Packages, Electron, the built app and its Python environment, for the end-to-end tests. */
async function prepareEndToEnd(): Promise<void> {
  const [file, ...args] = END_TO_END;
  const { exitCode, all } = await execa(file, [...args, '--prepare'], { cwd: root, all: true, reject: false });
  // The tests then fail at the same place; this says so earlier.
  if (exitCode !== 0) process.stdout.write(`\n== preparing the end-to-end tests failed\n${all}\n`);
}

const THOROUGH = '--thorough';

const isFast = ({ group, name }: Check): boolean => group === 'static' || name === 'unit';

interface Outcome {
  readonly check: Check;
  readonly count: Count;
}

/** Prints the output while it comes, or, where another check runs beside it, in one piece at the end. */
async function run(check: Check, { isAlone }: { readonly isAlone: boolean }): Promise<Outcome> {
  const startedMs = performance.now();
  const [file, ...args] = check.command;
  const env = { NO_COLOR: '1', OMP_NUM_THREADS: '1' };
  const child = execa(file, args, { cwd: check.cwd, all: true, reject: false, env, stdin: 'ignore' });
  if (isAlone) {
    process.stdout.write(`\n== ${check.name}\n`);
    child.all.pipe(process.stdout);
  }
  const { exitCode, all: output } = await child;
  const isGreen = exitCode === 0;
  const counted = check.count?.(output) ?? { passed: Number(isGreen), failed: 0 };
  // A runner that fails without naming a failed test has crashed or found none.
  const count = { ...counted, failed: isGreen ? counted.failed : Math.max(counted.failed, 1) };
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const summary = `-- ${check.name}: ${isGreen ? 'passed' : 'FAILED'} in ${seconds} s\n`;
  // A static check that passes has nothing to say.
  const isQuiet = isAlone || (isGreen && check.count === null) || output === '';
  process.stdout.write(isQuiet ? summary : `\n== ${check.name}\n${output}\n${summary}`);
  return { check, count };
}

async function runAll(checks: readonly Check[], makePython: () => Promise<string>): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const python = checks.some(({ needsPython }) => needsPython) ? makePython() : Promise.resolve('');
  // Both may install Debian packages, which one program can do at a time.
  const prepared = checks.some(({ name }) => name === 'e2e') ? python.then(prepareEndToEnd) : Promise.resolve();
  const drain = async (waiting: Check[], isAlone: boolean): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      if (check.needsPython) await python;
      if (check.buildsApp) await prepared;
      outcomes.push(await run(check, { isAlone }));
    }
  };
  const inGroup = (group: Group): Check[] => checks.filter((check) => check.group === group);
  const inLanes = (group: Group, lanes: number): Promise<unknown> => {
    const waiting = inGroup(group);
    const isAlone = group !== 'static' && waiting.length === 1;
    return Promise.all(Array.from({ length: lanes }, () => drain(waiting, isAlone)));
  };
  await inLanes('static', availableParallelism());
  await python;
  await inLanes('test', TEST_LANES);
  await prepared;
  await drain(inGroup('window'), true);
  return outcomes;
}

function choose(all: readonly Check[], args: readonly string[]): readonly Check[] {
  if (args.length === 0) return all;
  if (args[0] === '--fast') return all.filter(isFast);
  const unknown = args.filter((name) => !all.some((check) => check.name === name));
  if (unknown.length > 0)
    throw new Error(`There is no check ${unknown.join(', ')}. Choose from ${all.map(({ name }) => name).join(', ')}.`);
  return all.filter(({ name }) => args.includes(name));
}

async function main(args: readonly string[]): Promise<number> {
  if (!existsSync(path.join(root, 'node_modules'))) throw new Error('Run npm ci first.');
  const isThorough = args.includes(THOROUGH);
  const names = args.filter((arg) => arg !== THOROUGH);
  const checks = choose(allChecks(await folderForTests(root), { isThorough }), names);
  const outcomes = await runAll(checks, () => pythonForTests(root));
  const sum = (of: (count: Count) => number): number => outcomes.reduce((total, { count }) => total + of(count), 0);
  const failed = outcomes.filter(({ count }) => count.failed > 0);
  if (failed.length > 0) process.stdout.write(`\nFailed: ${failed.map(({ check }) => check.name).join(', ')}\n`);
  process.stdout.write(`\n${sum(({ passed }) => passed)} passed, ${sum((count) => count.failed)} failed\n`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
