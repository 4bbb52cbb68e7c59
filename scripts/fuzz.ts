/**
 * `npm run fuzz -- --minutes N`: tries junk model folders, config values, headers, prompt files and messages, different
 * ones in each round, until the time is up or something fails. `npm test` runs one round with a fixed seed.
 */
import { execa } from 'execa';
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../src/cli/paths';
import { print } from '../src/cli/terminal';
import { pythonForTests } from './python-for-tests';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes takes a number above 0, not ${values.minutes}.`);

const python = path.join(await pythonForTests(ROOT), 'bin', 'python');

/** Fuzzes the engine and the app with one seed; the same seed repeats a failed round. Returns whether both passed. */
async function runRound(seed: number): Promise<boolean> {
  const env = { SPLITREEL_FUZZ_SEED: String(seed), OMP_NUM_THREADS: '1' };
  const options = { env, stdio: 'inherit', reject: false } as const;
  const hypothesis = ['-m', 'pytest', 'tests/fuzz', `--hypothesis-seed=${String(seed)}`, '--timeout=0'];
  const engine = await execa(python, hypothesis, { ...options, cwd: path.join(ROOT, 'python') });
  const app = await execa('npx', ['vitest', 'run', '--project=fuzz'], { ...options, cwd: ROOT });
  return engine.exitCode === 0 && app.exitCode === 0;
}

const until = performance.now() + 60_000 * minutes;
for (let round = 1; performance.now() < until; round += 1) {
  const seed = randomInt(2 ** 31);
  print(`round ${String(round)}, seed ${String(seed)}`);
  if (await runRound(seed)) continue;
  print(`Failed with seed ${String(seed)}.`);
  process.exitCode = 1;
  break;
}
