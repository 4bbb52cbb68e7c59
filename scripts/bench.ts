/** `npm run bench -- [NAME] [FLAGS]`: figures and ratios, never a judgement about time. Without a name: the list. */
import type { Benchmark } from './bench/benchmark';
import { app } from './bench/app';
import { demo } from './bench/demo';
import { download } from './bench/download';
import { engine } from './bench/engine';
import { gpu } from './bench/gpu';
import { install } from './bench/install';
import { memory } from './bench/memory';
import { say } from './places';

const BENCHMARKS: readonly Benchmark[] = [app, demo, download, engine, gpu, install, memory];

async function main([name, ...words]: readonly string[]): Promise<number> {
  const chosen = BENCHMARKS.find((benchmark) => benchmark.name === name);
  if (chosen !== undefined) return chosen.run(words);
  say('npm run bench -- NAME [FLAGS]\n');
  for (const { name: known, about } of BENCHMARKS) say(`  ${known.padEnd(8)} ${about}`);
  return name === undefined || name === '--help' ? 0 : 2;
}

process.exitCode = await main(process.argv.slice(2));
