/** Figures of the benchmarks, for src/cli/bench/app.ts. Each spec adds its own. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { descendants } from './harness';

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Empty if the process has ended. */
const programOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${String(pid)}/comm`, 'utf8');
  } catch {
    return '';
  }
};

/** Electron's own processes, without the app's Python processes. */
export function electronPids({ pid }: { readonly pid: number }): readonly number[] {
  const program = programOf(pid);
  return descendants(pid).filter((each) => programOf(each) === program);
}

/** Memory that would be free without these processes, in MB: shared pages are counted once. */
export function pssMb(pids: readonly number[]): number {
  return pids
    .map((pid) => {
      try {
        const rollup = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
        return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024;
      } catch {
        return 0;
      }
    })
    .reduce((sum, mb) => sum + mb, 0);
}

export const threadCount = (pids: readonly number[]): number =>
  pids.map((pid) => readdirSync(`/proc/${String(pid)}/task`).length).reduce((sum, count) => sum + count, 0);

export function addFigures(figures: Readonly<Record<string, number>>): void {
  const file = process.env['SPLITREEL_BENCH_OUT'];
  if (file === undefined || file === '') throw new Error('run by npm run bench -- app');
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
  writeFileSync(file, `${JSON.stringify({ ...before, ...figures }, null, 2)}\n`);
}
