/**
 * `npm test`: every check. Those that only read run at once; then the tests of the app beside those of the engine, which
 * seldom need the same core; last the window, alone. A failing one does not hide the others. Names as arguments pick some.
 */
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pythonForTests } from './python-for-tests';

const root = path.resolve(import.meta.dirname, '..');

/** In this order; the steps of `app` and `engine` run beside each other, one after another in each. */
type Turn = 'reading' | 'app' | 'engine' | 'window';

interface Step {
  readonly name: string;
  readonly turn: Turn;
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  /** How the runner's summary counts; null where the step itself is the one check. */
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

/** pytest: `3 failed, 41 passed in 2.1s`; an error in set-up counts as a failure. */
function countPytest(output: string): Count {
  const line = output.split('\n').findLast((text) => / in \d/.test(text)) ?? '';
  return { passed: numberBefore('passed', line), failed: numberBefore('failed', line) + numberBefore('error', line) };
}

/** Playwright's list: `  3 failed`, `  41 passed (2.1m)`, each on a line of its own at the end. */
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

function steps(python: string): readonly Step[] {
  const tool = (name: string): string => path.join(python, 'bin', name);
  const inPython = path.join(root, 'python');
  return [
    { name: 'lint', turn: 'reading', command: ['npx', 'eslint', '--max-warnings', '0', '.'], count: null },
    {
      name: 'format',
      turn: 'reading',
      command: ['npx', 'prettier', '--check', '--log-level', 'warn', '.'],
      count: null,
    },
    { name: 'types', turn: 'reading', command: ['npx', 'tsc', '--build'], count: null },
    { name: 'imports', turn: 'reading', command: ['npm', 'run', '--silent', 'imports'], count: null },
    { name: 'dead-code', turn: 'reading', command: ['npx', 'knip'], count: null },
    {
      name: 'contract-generated',
      turn: 'reading',
      command: ['npx', 'tsx', 'scripts/contract.ts', '--check'],
      count: null,
    },
    { name: 'locks', turn: 'reading', command: ['npx', 'tsx', 'scripts/locks.ts', '--check'], count: null },
    {
      name: 'python-format',
      turn: 'reading',
      command: [tool('ruff'), 'format', '--check', '--quiet', '.'],
      cwd: inPython,
      count: null,
    },
    {
      name: 'python-lint',
      turn: 'reading',
      command: [tool('ruff'), 'check', '--quiet', '.'],
      cwd: inPython,
      count: null,
    },
    {
      name: 'python-types',
      turn: 'reading',
      command: [tool('mypy'), '--strict', 'splitreel'],
      cwd: inPython,
      count: null,
    },
    { name: 'python-imports', turn: 'reading', command: [tool('lint-imports')], cwd: inPython, count: null },
    { name: 'python-dead-code', turn: 'reading', command: [tool('vulture')], cwd: inPython, count: null },
    {
      name: 'unit',
      turn: 'app',
      command: ['npx', 'vitest', 'run', '--project', 'unit', '--project', 'window'],
      count: countVitest,
    },
    { name: 'contract', turn: 'app', command: ['npx', 'vitest', 'run', '--project', 'contract'], count: countVitest },
    { name: 'process', turn: 'app', command: ['npx', 'vitest', 'run', '--project', 'process'], count: countVitest },
    { name: 'install', turn: 'app', command: ['npx', 'vitest', 'run', '--project', 'install'], count: countVitest },
    {
      name: 'python',
      turn: 'engine',
      command: [tool('python'), '-m', 'pytest', 'tests', '--durations=15'],
      cwd: inPython,
      count: countPytest,
    },
    { name: 'e2e', turn: 'window', command: ['npx', 'tsx', 'scripts/e2e.ts'], count: countPlaywright },
  ];
}

/** Its output goes out as it comes, or, where others run beside it, when it has ended. */
async function runStep(step: Step, { isAlone }: { readonly isAlone: boolean }): Promise<Count> {
  const started = performance.now();
  const [file, ...args] = step.command;
  const env = { NO_COLOR: '1', OMP_NUM_THREADS: '1' };
  const options = { cwd: step.cwd ?? root, all: true, reject: false, env, stdin: 'ignore' } as const;
  const child = execa(file, args, options);
  process.stdout.write(isAlone ? `\n== ${step.name}\n` : `.. ${step.name}\n`);
  if (isAlone) child.all.pipe(process.stdout);
  const { exitCode, all } = await child;
  const counted = step.count?.(all) ?? { passed: 0, failed: 0 };
  const isGreen = exitCode === 0;
  // A runner that fails without a failed test (a crash, nothing found) is one failure all the same.
  const failed = isGreen ? counted.failed : Math.max(counted.failed, 1);
  const passed = step.count === null ? Number(isGreen) : counted.passed;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const told = `-- ${step.name}: ${isGreen ? 'passed' : 'FAILED'} in ${seconds} s\n`;
  process.stdout.write(isAlone ? told : `\n== ${step.name}\n${all === '' ? '' : `${all}\n`}${told}`);
  return { passed, failed };
}

/** Each with what it counted, in the order in which they ended. */
async function runSteps(chosen: readonly Step[]): Promise<readonly (readonly [Step, Count])[]> {
  const counts: (readonly [Step, Count])[] = [];
  const take = async (waiting: Step[], isAlone: boolean): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift())
      counts.push([step, await runStep(step, { isAlone })]);
  };
  const of = (turn: Turn): Step[] => chosen.filter((step) => step.turn === turn);
  const reading = of('reading');
  await Promise.all(Array.from({ length: availableParallelism() }, () => take(reading, false)));
  const [app, engine] = [of('app'), of('engine')];
  const isAlone = app.length === 0 || engine.length === 0;
  await Promise.all([take(engine, isAlone), take(app, isAlone)]);
  await take(of('window'), true);
  return counts;
}

async function main(names: readonly string[]): Promise<number> {
  if (!existsSync(path.join(root, 'node_modules'))) throw new Error('run npm ci first');
  const all = steps(await pythonForTests(root));
  const chosen = names.length === 0 ? all : all.filter((step) => names.includes(step.name));
  const unknown = names.filter((name) => !all.some((step) => step.name === name));
  if (unknown.length > 0) throw new Error(`no step ${unknown.join(', ')}: choose ${all.map((s) => s.name).join(', ')}`);
  const failedSteps: string[] = [];
  const total = { passed: 0, failed: 0 };
  for (const [step, { passed, failed }] of await runSteps(chosen)) {
    total.passed += passed;
    total.failed += failed;
    if (failed > 0) failedSteps.push(step.name);
  }
  if (failedSteps.length > 0) process.stdout.write(`\nfailed: ${failedSteps.join(', ')}`);
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
