/** The stage as a table: existing videos, the opened video, the job on the stage, and what is shown. */
import { describe, expect, it } from 'vitest';
import { job, MODEL, SLICES, video } from '../../../../test/fakes/main-process';
import { appError } from '../../../shared/errors';
import type { Environment } from '../../../shared/environment';
import { holdsStage, stageView, type StageSlices } from './stage-view';

const REPORT = { totalMs: 1, msPerStep: 1, weightBytesRead: 0, stages: [], ranks: [], notices: [] };
const finished = (id: string, videoIds: string[]) => job({ status: 'finished', videoIds, report: REPORT }, 'p', id);
const running = job({ status: 'running' }, 'p', 'running');
const failed = job({ status: 'failed', error: appError('JOB_NOT_FOUND') }, 'p', 'failed');
const canceled = job({ status: 'canceled' }, 'p', 'canceled');
const missing: Environment = { status: 'missing' };

const seen = (changes: Partial<StageSlices>): StageSlices => ({
  jobs: [],
  library: [],
  environment: SLICES.environment,
  models: [MODEL],
  ...changes,
});
const library = [video('new'), video('b'), video('a')];

/** `video a`, `results a b`, or the kind alone. */
function shown(slices: StageSlices, openVideoId: string | null = null, stageJobId: string | null = null): string {
  const view = stageView(slices, openVideoId, stageJobId);
  if (view.kind === 'video') return `video ${view.video.id}${view.isPaused ? ' paused' : ''}`;
  if (view.kind === 'results') return `results ${view.videos.map(({ id }) => id).join(' ')}`;
  return view.kind;
}

describe('stageView', () => {
  it.each([
    ['nothing yet', seen({}), null, null, 'hint'],
    ['no model', seen({ models: [] }), null, null, 'noModel'],
    ['no environment', seen({ environment: missing }), null, null, 'environment'],
    ['a start with videos', seen({ library }), null, null, 'video new paused'],
    ['a running job', seen({ jobs: [running], library }), null, 'running', 'running'],
    ['a running job and an opened video', seen({ jobs: [running], library }), 'a', 'running', 'video a'],
    ['an opened video that was deleted', seen({ jobs: [running], library }), 'gone', 'running', 'running'],
    ['a finished job', seen({ jobs: [finished('j', ['a'])], library }), null, 'j', 'video a'],
    [
      'a finished job of several videos',
      seen({ jobs: [finished('j', ['a', 'b'])], library }),
      null,
      'j',
      'results a b',
    ],
    [
      'a finished job while the next one runs',
      seen({ jobs: [finished('j', ['a']), running], library }),
      null,
      'j',
      'video a',
    ],
    ['one of several results, opened', seen({ jobs: [finished('j', ['a', 'b'])], library }), 'b', 'j', 'video b'],
    ['results of which one is left', seen({ jobs: [finished('j', ['a', 'x'])], library }), null, 'j', 'video a'],
    ['results that are all deleted', seen({ jobs: [finished('j', ['x'])], library }), null, 'j', 'video new paused'],
    ['a failed job', seen({ jobs: [failed], library }), null, 'failed', 'failed'],
    ['a failed job while the next one runs', seen({ jobs: [failed, running], library }), null, 'failed', 'running'],
    ['a canceled job', seen({ jobs: [canceled], library }), null, 'canceled', 'canceled'],
  ])('%s: %s', (_name, slices, openVideoId, stageJobId, expected) => {
    expect(shown(slices, openVideoId, stageJobId)).toBe(expected);
  });

  it('leads from one of several results back to all of them', () => {
    const jobs = [finished('j', ['a', 'b']), finished('k', ['new'])];
    expect(stageView(seen({ jobs, library }), 'b', null)).toMatchObject({ jobId: 'j' });
    expect(stageView(seen({ jobs, library }), 'new', null)).toMatchObject({ jobId: null });
  });
});

it("results keep the stage; jobs without a video don't", () => {
  const jobs = [finished('j', ['a']), finished('empty', ['x']), failed, running];
  const held = (id: string | null): boolean => holdsStage({ jobs, library }, id);
  expect(['j', 'empty', 'failed', 'running', null].map(held)).toEqual([true, false, false, false, false]);
});
