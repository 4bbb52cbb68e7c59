import { expect, test } from 'vitest';
import { job } from '../../../test/fakes/main-process';
import { cpuDevices } from '../../shared/device';
import type { JobProgress } from '../../shared/job';
import { ONE_RANK } from '../../shared/plan';
import { nodeClock } from '../adapters/node/clock';
import { createRunningJob } from './running-job';

test('a job has lanes for its own ranks, not for those that are warm from a larger one', () => {
  let shown: JobProgress | null = null;
  let push: () => void = () => undefined;
  const whenAsked = (_delayMs: number, run: () => void) => {
    push = run;
    return () => undefined;
  };
  const running = createRunningJob({
    clock: { ...nodeClock, after: whenAsked },
    tailMs: () => null,
    onProgress: (progress) => (shown = progress),
  });
  const lanes = () => {
    push();
    return shown?.ranks.map(({ rank }) => rank);
  };
  running.setRanks(
    cpuDevices(4).map((device, rank) => ({ rank, pid: 1, device })),
    false,
  );
  running.start({ ...job({ status: 'running' }), plan: { ...ONE_RANK, ulysses: 2 } }, []);
  expect(lanes()).toEqual([0, 1]);
  running.setRanks(
    cpuDevices(3).map((device, rank) => ({ rank, pid: 1, device })),
    true,
  );
  running.start(job({ status: 'running' }), []);
  expect(lanes()).toEqual([0]);
});
