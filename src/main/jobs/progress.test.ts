import { expect, test } from 'vitest';
import type { Stage, WorkerEvent } from '../../shared/protocol';
import { applyProgress, notedFirstSteps, startProgress, type FirstSteps } from './progress';

const step = (completed: number, elapsedMs: number): WorkerEvent => ({
  type: 'stageProgressed',
  jobId: 'job',
  video: 0,
  stage: 'denoising',
  completed,
  total: 4,
  elapsedMs,
});

const finished = (stage: Stage, durationMs: number): WorkerEvent => ({
  type: 'stageFinished',
  jobId: 'job',
  video: 0,
  stage,
  durationMs,
});

function play(events: readonly WorkerEvent[], videoCount = 1) {
  let progress = startProgress('job', videoCount, 4);
  let firstSteps: FirstSteps = new Map();
  for (const event of events) {
    firstSteps = notedFirstSteps(firstSteps, event);
    progress = applyProgress(progress, event, { firstSteps, tailMs: 500, dp: 1 });
  }
  return progress;
}

test('the first step, which warms up kernels, does not count for the time per step', () => {
  expect(play([step(1, 9_000)]).msPerStep).toBeNull();
  expect(play([step(1, 9_000), step(2, 10_000)])).toMatchObject({ msPerStep: 1_000, msLeft: 2_500 });
  expect(play([step(1, 9_000), step(2, 10_000), step(4, 12_200)]).msPerStep).toBeCloseTo(1_066.7, 1);
});

test('merged events count with the steps that they name', () => {
  expect(play([step(2, 10_000), step(4, 12_000)]).msPerStep).toBe(1_000);
});

test('only the last video keeps the job waiting for its file', () => {
  const steps = [step(1, 9_000), step(2, 10_000), step(4, 12_000), finished('denoising', 12_000)];
  const made = [...steps, finished('decoding', 300), finished('writing', 200)];
  expect(play(made, 3).msLeft).toBe(4_000 + 300 + 4_000 + 300 + 200);
});
