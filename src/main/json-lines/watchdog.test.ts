import { expect, test } from 'vitest';
import type { Clock } from '../ports/clock';
import { startWatchdog } from './watchdog';

/** A clock that only moves when the test moves it; the wall clock is separate. */
function fakeClock(): Clock & { readonly advance: (ms: number, checks?: number) => void } {
  let now = 0;
  let tick: (() => void) | null = null;
  return {
    wallMs: () => 0,
    monotonicMs: () => now,
    after: () => () => undefined,
    every: (_interval, run) => {
      tick = run;
      return () => {
        tick = null;
      };
    },
    advance: (ms, checks = ms / 1_000) => {
      for (let check = 0; check < checks; check += 1) {
        now += ms / checks;
        tick?.();
      }
    },
  };
}

test('silence at the deadline is noticed once', () => {
  const clock = fakeClock();
  const silences: number[] = [];
  startWatchdog(clock, { intervalMs: 1_000, hungAfterMs: 10_000 }, (ms) => silences.push(ms));
  clock.advance(10_000);
  expect(silences).toEqual([]);
  clock.advance(20_000);
  expect(silences).toEqual([11_000]);
});

test('a slow worker that sends signs of life never counts as hung', () => {
  const clock = fakeClock();
  const silences: number[] = [];
  const watchdog = startWatchdog(clock, { intervalMs: 1_000, hungAfterMs: 10_000 }, (ms) => silences.push(ms));
  for (let sign = 0; sign < 50; sign += 1) {
    clock.advance(9_000);
    watchdog.touch();
  }
  expect(silences).toEqual([]);
});

test('an hour of system sleep does not count as silence', () => {
  const clock = fakeClock();
  const silences: number[] = [];
  startWatchdog(clock, { intervalMs: 1_000, hungAfterMs: 10_000 }, (ms) => silences.push(ms));
  clock.advance(5_000);
  clock.advance(3_600_000, 1);
  clock.advance(5_000);
  expect(silences).toEqual([]);
  clock.advance(10_000);
  expect(silences).toHaveLength(1);
});
