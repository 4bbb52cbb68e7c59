/** Work that runs once at a time; calls during a run share it. */
export interface SingleFlight<A extends readonly unknown[], T> {
  readonly run: (...args: A) => Promise<T>;
  /** The run in progress, or null. */
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
