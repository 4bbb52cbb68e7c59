import { expect, test } from 'vitest';
import { job } from '../../../test/fakes/main-process';
import { cpuDevices } from '../../shared/device';
import type { JobProgress } from '../../shared/job';
import { ONE_RANK } from '../../shared/plan';
import type { WorkerEvent } from '../../shared/protocol';
import { nodeClock } from '../adapters/node/clock';
import { createRunningJob } from './running-job';

const JOB = {
  ...job({ status: 'running' }, 'a dog', 'j'),
  request: { ...job({ status: 'running' }).request, videoCount: 2 },
};
const finished = (video: number, path: string): WorkerEvent => ({ type: 'videoFinished', jobId: 'j', video, path });

test('a job has lanes for its own ranks, not for ranks kept warm from a larger job', () => {
  let shown: JobProgress | null = null;
  let push: () => void = () => undefined;
  const byHand = (_delayMs: number, run: () => void) => {
    push = run;
    return () => undefined;
  };
  const running = createRunningJob({
    clock: { ...nodeClock, after: byHand },
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

test('files are in the order of their seeds, whichever group finishes first; a finished video has its library id', () => {
  const pushed: (JobProgress | null)[] = [];
  const timers: (() => void)[] = [];
  const running = createRunningJob({
    clock: {
      wallMs: () => 0,
      monotonicMs: () => 0,
      every: () => () => undefined,
      after: (_delayMs, run) => {
        timers.push(run);
        return () => undefined;
      },
    },
    tailMs: () => null,
    onProgress: (progress) => void pushed.push(progress),
  });
  running.start(JOB, ['/a', '/b']);
  running.handleEvent(JOB, finished(1, '/b'));
  running.addVideo(JOB, 1, 'of b');
  running.handleEvent(JOB, finished(0, '/a'));
  running.handleEvent(JOB, finished(0, '/not asked for'));
  expect(running.madeFiles()).toEqual(['/a', '/b']);
  running.addVideo({ ...JOB, id: 'another' }, 0, 'of another');
  timers.forEach((run) => run());
  expect(pushed.at(-1)?.videos.map(({ videoId }) => videoId)).toEqual([null, 'of b']);
});
