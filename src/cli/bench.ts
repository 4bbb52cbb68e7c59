/** `npm run bench -- [NAME] [FLAGS]` prints figures and ratios and never fails for being slow. Without a name: the list. */
import { app } from './bench/app';
import { download } from './bench/download';
import { demo, engine, faults, full, gpu, links, memory, soak } from './bench/engine';
import { install } from './bench/install';
import type { Command } from './command';
import { print } from './terminal';

const BENCHMARKS: readonly Command[] = [app, demo, download, engine, faults, full, gpu, install, links, memory, soak];

async function run([name, ...args]: readonly string[]): Promise<number> {
  const chosen = BENCHMARKS.find((benchmark) => benchmark.name === name);
  if (chosen !== undefined) return chosen.run(args);
  print('npm run bench -- NAME [FLAGS]\n');
  for (const { name: known, summary } of BENCHMARKS) print(`  ${known.padEnd(8)} ${summary}`);
  return name === undefined || name === '--help' ? 0 : 2;
}

export const bench: Command = { name: 'bench', summary: 'run a benchmark, or list them all', run };
