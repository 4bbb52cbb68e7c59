/** Runs asynchronous work one piece at a time, in the order it was given. A failure affects only that piece. */
export function sequentially(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    last = result.catch(() => undefined);
    return result;
  };
}

/**
 * Delivers values in the order they were given: immediately, unless one of them or of those before isn't ready. One that
 * fails is left out.
 */
export function deliverInOrder(deliver: (value: unknown) => void): (value: unknown) => void {
  let waiting = 0;
  const run = sequentially();
  return (value) => {
    if (waiting === 0 && !(value instanceof Promise)) {
      deliver(value);
      return;
    }
    waiting += 1;
    void run(async () => {
      try {
        deliver(await value);
      } finally {
        waiting -= 1;
      }
    });
  };
}
