/** Notices silence where a heartbeat is expected. */
import type { Clock } from '../ports/clock';

export interface Watchdog {
  readonly touch: () => void;
  readonly stop: () => void;
}

/**
 * Measures silence from check to check: if this process itself was suspended (the computer slept, the app was stopped),
 * the next check is late, and the silence before it doesn't count.
 */
export function startWatchdog(
  clock: Clock,
  options: { readonly intervalMs: number; readonly hungAfterMs: number },
  onHung: (silentMs: number) => void,
): Watchdog {
  const { hungAfterMs } = options;
  const intervalMs = Math.min(options.intervalMs, hungAfterMs / 4);
  let lastSignMs = clock.monotonicMs();
  let lastCheckMs = lastSignMs;
  const stop = clock.every(intervalMs, () => {
    const now = clock.monotonicMs();
    const wasSuspended = now - lastCheckMs > 3 * intervalMs;
    lastCheckMs = now;
    if (wasSuspended) lastSignMs = now;
    else if (now - lastSignMs > hungAfterMs) {
      stop();
      onHung(now - lastSignMs);
    }
  });
  return {
    touch: () => {
      lastSignMs = clock.monotonicMs();
    },
    stop,
  };
}
