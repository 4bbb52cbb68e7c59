/** Time, as services see it. Durations come from the monotonic clock; the wall clock is for display only. */
export interface Clock {
  /** Milliseconds since 1970; may jump when the user sets the clock. */
  readonly wallMs: () => number;
  /** Milliseconds since some start; never jumps. */
  readonly monotonicMs: () => number;
  /** Calls once after a while; returns a function that stops it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Calls again and again; returns a function that stops it. */
  readonly every: (intervalMs: number, run: () => void) => () => void;
}

export const sleep = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
