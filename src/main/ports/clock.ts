/** Time, for services. Durations come from the monotonic clock; the wall clock is for display only. */
export interface Clock {
  /** Milliseconds since 1970; may jump when the user sets the clock. */
  readonly wallMs: () => number;
  /** Milliseconds since an arbitrary start; never jumps. */
  readonly monotonicMs: () => number;
  /** Calls `run` once after the delay; returns a function that cancels it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Calls `run` at each interval; returns a function that stops it. */
  readonly every: (intervalMs: number, run: () => void) => () => void;
}

export const sleep = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
