/** Work of which one run is under way at a time; calls that come meanwhile share it. */
export interface SingleFlight<A extends readonly unknown[], T> {
  readonly run: (...args: A) => Promise<T>;
  /** The run that is under way; null where none is. */
  readonly current: () => Promise<T> | null;
}

export function singleFlight<A extends readonly unknown[], T>(work: (...args: A) => Promise<T>): SingleFlight<A, T> {
  let current: Promise<T> | null = null;
  return {
    run: (...args) => {
      current ??= work(...args).finally(() => {
        current = null;
      });
      return current;
    },
    current: () => current,
  };
}
