import { expect, test } from 'vitest';
import { restartForLinkSwitches } from './link-switches';

function watch({ isBusy = false } = {}) {
  const done: string[] = [];
  const engine = {
    start: () => Promise.resolve(void done.push('start')),
    stop: () => Promise.resolve(void done.push('stop')),
  };
  const changed = restartForLinkSwitches(engine, { isP2pOff: false }, () => isBusy);
  return { done, changed };
}

test('the engine restarts when a switch changes, and only then', async () => {
  const { done, changed } = watch();
  changed({ isP2pOff: false });
  expect(done).toEqual([]);
  changed({ isP2pOff: true });
  changed({ isP2pOff: true });
  await Promise.resolve();
  expect(done).toEqual(['stop', 'start']);
});

test('a running job is not interrupted', async () => {
  const { done, changed } = watch({ isBusy: true });
  changed({ isP2pOff: true });
  await Promise.resolve();
  expect(done).toEqual([]);
});
