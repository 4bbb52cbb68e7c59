/** The timeline of one video: one segment per stage, sized by its actual or expected time. Pure. */
import { formatBytes } from '../../../shared/format';
import type { JobProgress, StageProgress } from '../../../shared/job';
import type { Stage } from '../../../shared/protocol';

export interface Segment {
  readonly stage: Stage;
  readonly status: StageProgress['status'];
  /** Share of the width, 0 to 1. */
  readonly share: number;
  /** 0 to 1, from real progress. */
  readonly done: number;
  /** `23/50`, `1.2 GB / 9.8 GB`; empty except for the running stage. */
  readonly count: string;
}

/** A stage's usual share of a job, until its own time is known; this keeps segments from jumping. */
const USUAL_SHARES: Readonly<Record<Stage, number>> = {
  starting: 0.03,
  loading: 0.08,
  optimizing: 0.02,
  encoding: 0.03,
  denoising: 0.66,
  decoding: 0.14,
  writing: 0.04,
};

/** Null if the stage's time is unknown. */
function expectedMs(stage: StageProgress, msPerStep: number | null): number | null {
  if (stage.status === 'finished') return stage.elapsedMs;
  if (stage.stage !== 'denoising' || msPerStep === null || stage.total === 0) return null;
  return Math.max(stage.elapsedMs, msPerStep * stage.total);
}

const countText = (stage: StageProgress): string => {
  if (stage.status !== 'running' || stage.total === 0) return '';
  if (stage.stage === 'loading') return `${formatBytes(stage.completed)} / ${formatBytes(stage.total)}`;
  return `${String(stage.completed)}/${String(stage.total)}`;
};

/** `measuredMsPerStep` comes from similar earlier jobs and applies until this job has its own. */
export function segmentsOf(
  stages: readonly StageProgress[],
  msPerStep: number | null,
  measuredMsPerStep: number | null,
): Segment[] {
  const times = stages.map((stage) => expectedMs(stage, msPerStep ?? measuredMsPerStep));
  const knownMs = times.reduce<number>((sum, ms) => sum + (ms ?? 0), 0);
  const usual = stages.map(({ stage }, index) => (times[index] === null || knownMs === 0 ? USUAL_SHARES[stage] : 0));
  const forKnown = Math.max(1 - usual.reduce((sum, share) => sum + share, 0), 0);
  return stages.map((stage, index) => ({
    stage: stage.stage,
    status: stage.status,
    share: (usual[index] ?? 0) + (knownMs === 0 ? 0 : (forKnown * (times[index] ?? 0)) / knownMs),
    done: stage.status === 'finished' ? 1 : stage.total === 0 ? 0 : stage.completed / stage.total,
    count: countText(stage),
  }));
}

/**
 * The video whose timeline to show: the first that isn't decoded, otherwise the first that isn't written, otherwise the
 * last. A video is written while the next one is made.
 */
export function currentVideo(progress: JobProgress): number {
  const firstWithout = (done: (stages: readonly StageProgress[]) => boolean): number =>
    progress.videos.findIndex((video) => video.error === null && !done(video.stages));
  const open = firstWithout((stages) =>
    stages.every(({ stage, status }) => stage === 'writing' || status === 'finished'),
  );
  if (open !== -1) return open;
  const unwritten = firstWithout((stages) => stages.every(({ status }) => status === 'finished'));
  return unwritten === -1 ? Math.max(progress.videos.length - 1, 0) : unwritten;
}

/** How long the job has taken so far, by the worker's clock. */
export const elapsedMs = ({ videos }: JobProgress): number =>
  Math.max(0, ...videos.map(({ stages }) => stages.reduce((sum, stage) => sum + stage.elapsedMs, 0)));
