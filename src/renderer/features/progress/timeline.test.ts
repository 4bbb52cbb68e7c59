import { describe, expect, it } from 'vitest';
import type { JobProgress, StageProgress } from '../../../shared/job';
import { STAGES, type Stage } from '../../../shared/protocol';
import { currentVideo, elapsedMs, segmentsOf } from './timeline';

const TOTALS: Readonly<Record<Stage, number>> = {
  starting: 2,
  loading: 9_800_000_000,
  optimizing: 8,
  encoding: 1,
  denoising: 50,
  decoding: 13,
  writing: 1,
};

/** All stages: those before `now` took `times`, `now` is in progress, the rest wait. */
function stagesAt(now: Stage | 'over', completed: number, times: Partial<Record<Stage, number>> = {}): StageProgress[] {
  const at = now === 'over' ? STAGES.length : STAGES.indexOf(now);
  return STAGES.map((stage, index) => ({
    stage,
    status: index < at ? 'finished' : index === at ? 'running' : 'waiting',
    completed: index < at ? TOTALS[stage] : index === at ? completed : 0,
    total: TOTALS[stage],
    elapsedMs: index <= at ? (times[stage] ?? 0) : 0,
  }));
}
const shares = (...args: Parameters<typeof segmentsOf>) =>
  Object.fromEntries(segmentsOf(...args).map(({ stage, share }) => [stage, Math.round(share * 100)]));
const sum = (values: Readonly<Record<string, number>>) => Object.values(values).reduce((a, b) => a + b, 0);

describe('segmentsOf', () => {
  it.each([
    ['at the start', stagesAt('starting', 0), null, null, { starting: 3, denoising: 66 }],
    [
      'warm, before the second step',
      stagesAt('denoising', 1, { starting: 300 }),
      null,
      null,
      { starting: 16, denoising: 66 },
    ],
    [
      'with steps measured by earlier jobs',
      stagesAt('denoising', 0, { starting: 300, loading: 4_000, encoding: 700 }),
      null,
      500,
      { loading: 11, denoising: 68, decoding: 14 },
    ],
    [
      'with its own steps, which take precedence',
      stagesAt('denoising', 10, { starting: 1_000 }),
      100,
      9_000,
      { starting: 14, denoising: 68, decoding: 14 },
    ],
    [
      'when all stages are done',
      stagesAt('over', 0, { starting: 1_000, denoising: 8_000, decoding: 1_000 }),
      160,
      null,
      { starting: 10, loading: 0, denoising: 80, decoding: 10, writing: 0 },
    ],
  ])('%s', (_name, stages, msPerStep, measured, expected) => {
    const found = shares(stages, msPerStep, measured);
    expect(found).toMatchObject(expected);
    expect(sum(found)).toBeGreaterThanOrEqual(98);
    expect(sum(found)).toBeLessThanOrEqual(102);
  });

  it('counts only the running stage, and never beyond its progress', () => {
    const segments = segmentsOf(stagesAt('loading', 1_200_000_000), null, null);
    expect(segments.map(({ count }) => count)).toEqual(['', '1.2\u00a0GB / 9.8\u00a0GB', '', '', '', '', '']);
    expect(segments.map(({ done }) => Math.round(done * 100))).toEqual([100, 12, 0, 0, 0, 0, 0]);
    expect(segmentsOf(stagesAt('denoising', 23), null, null)[4]).toMatchObject({ count: '23/50', done: 0.46 });
    // A stage with nothing to count, as a warm start, is done once it has finished.
    const [starting] = stagesAt('loading', 0);
    const uncounted = starting === undefined ? [] : [{ ...starting, completed: 0, total: 0 }];
    expect(segmentsOf(uncounted, null, null)).toMatchObject([{ done: 1 }]);
  });

  it('shows a stage without a total as not started', () => {
    expect(segmentsOf([{ ...stagesAt('denoising', 0)[4]!, total: 0 }], 500, null)).toMatchObject([
      { done: 0, count: '' },
    ]);
  });
});

const progress = (...videos: StageProgress[][]): JobProgress => ({
  jobId: 'j',
  videos: videos.map((stages) => ({ stages, previewUrl: null, previewStep: null, videoId: null, error: null })),
  ranks: [],
  msPerStep: null,
  msLeft: null,
});

it.each([
  ['the first that is not finished', progress(stagesAt('over', 0), stagesAt('denoising', 3)), 1],
  ['the next one, while a video is written', progress(stagesAt('writing', 0), stagesAt('denoising', 3)), 1],
  ['the one that is written, when all are decoded', progress(stagesAt('over', 0), stagesAt('writing', 0)), 1],
  ['the last, when all are', progress(stagesAt('over', 0), stagesAt('over', 0)), 1],
  ['the first, when there is none', progress(), 0],
])('the timeline is of %s', (_name, given, index) => {
  expect(currentVideo(given)).toBe(index);
});

it('the elapsed time is that of the slowest video', () => {
  const times = { starting: 1_000, denoising: 2_000 };
  expect(elapsedMs(progress(stagesAt('denoising', 3, times), stagesAt('starting', 1, times)))).toBe(3_000);
  expect(elapsedMs(progress())).toBe(0);
});
