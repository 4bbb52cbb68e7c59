import { runPython } from '../environment';

/** One file a benchmark, and one line in `scripts/bench.ts`. */
export interface Benchmark {
  readonly name: string;
  readonly about: string;
  /** Prints its figures; `--out FILE` writes them as JSON. Answers with an exit code. */
  readonly run: (words: readonly string[]) => Promise<number>;
}

/** A benchmark of the engine: it lives in `python/splitreel/bench`, so that a machine without Node can run it. */
export function inPython(name: string, about: string): Benchmark {
  return { name, about, run: (words) => runPython(['-m', 'splitreel.bench', name, ...words]) };
}
