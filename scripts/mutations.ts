/**
 * `npm run mutations -- [TEXT...]` removes one protection at a time from docs/security.md and docs/faults.md and runs
 * the test that must fail. Arguments select entries by row, file or test. The code is restored after each entry.
 * `--check` changes nothing and fails if an entry no longer matches the code or its test.
 */
import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FAULTS } from './mutations/faults';
import { FILE_FAULTS } from './mutations/file-faults';
import type { Mutation } from './mutations/mutation';
import { SECURITY } from './mutations/security';
import { staleness } from './mutations/stale';
import { pythonForTests } from './python-for-tests';

const root = path.resolve(import.meta.dirname, '..');

type Outcome = 'caught' | 'NOT CAUGHT' | `STALE: ${string}`;

async function command([runner, ...args]: Mutation['test']): Promise<readonly [string, readonly string[], string]> {
  switch (runner) {
    case 'vitest':
      return ['npx', ['vitest', 'run', ...args], root];
    case 'e2e':
      return ['npx', ['tsx', 'scripts/e2e.ts', ...args], root];
    case 'pytest': {
      const python = path.join(await pythonForTests(root), 'bin', 'python');
      return [python, ['-m', 'pytest', '-x', '-q', ...args], path.join(root, 'python')];
    }
  }
}

const PYTEST_NO_TESTS = 5;

async function run(mutation: Mutation): Promise<{ readonly outcome: Outcome; output: string }> {
  const stale = await staleness(root, mutation);
  if (stale !== null) return { outcome: `STALE: ${stale}`, output: '' };
  const { file, find, replace, test } = mutation;
  const target = path.join(root, file);
  const original = await readFile(target, 'utf8');
  const [program, args, cwd] = await command(test);
  try {
    await writeFile(
      target,
      original.replace(find, () => replace),
    );
    const env = { NO_COLOR: '1', OMP_NUM_THREADS: '1' };
    const { exitCode, all } = await execa(program, args, { cwd, env, all: true, reject: false, stdin: 'ignore' });
    if (test[0] === 'pytest' && exitCode === PYTEST_NO_TESTS)
      return { outcome: 'STALE: no test was selected', output: all };
    return { outcome: exitCode === 0 ? 'NOT CAUGHT' : 'caught', output: all };
  } finally {
    await writeFile(target, original);
  }
}

/** The line that names the failed test, to distinguish a failed assertion from a broken build. */
const evidence = (output: string): string =>
  output
    .split('\n')
    .findLast((line) => /^\s*(FAIL|FAILED|×|✗|\d+\) )/.test(line.trim()))
    ?.trim() ?? 'the output names no failed test';

const ALL: readonly Mutation[] = [...SECURITY, ...FAULTS, ...FILE_FAULTS];

async function check(): Promise<number> {
  let stale = 0;
  for (const mutation of ALL) {
    const problem = await staleness(root, mutation);
    if (problem === null) continue;
    process.stdout.write(`${mutation.row}: ${mutation.without}: ${problem}\n`);
    stale += 1;
  }
  return stale === 0 ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--check')) return check();
  const matches = ({ row, file, test }: Mutation): boolean =>
    args.length === 0 || args.some((arg) => [row, file, ...test].some((text) => text.includes(arg)));
  let uncaught = 0;
  for (const mutation of ALL.filter(matches)) {
    const { outcome, output } = await run(mutation);
    process.stdout.write(`${mutation.row}: ${mutation.without}: ${outcome}\n`);
    if (outcome === 'caught') process.stdout.write(`    ${evidence(output)}\n`);
    else uncaught += 1;
  }
  process.stdout.write(`${String(uncaught)} not caught\n`);
  return uncaught === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
