/** The timeline of one video: a segment per stage, as long as it took or is expected to take. Pure. */
import type { JobProgress, StageProgress } from '../../../shared/job';
import type { Stage } from '../../../shared/protocol';
import { formatBytes } from '../../../shared/format';

export interface Segment {
  readonly stage: Stage;
  readonly status: StageProgress['status'];
  /** Share of the width, relative to the other segments. */
  readonly weight: number;
  /** 0 to 1, from what was really counted. */
  readonly done: number;
  /** `23/50`, `1.2 GB/9.8 GB`; empty before anything was counted. */
  readonly count: string;
}

/** Every segment can be read, however short its stage. */
const MIN_WEIGHT = 1;
const MAX_WEIGHT = 6;

function expectedMs(stage: StageProgress, msPerStep: number | null): number {
  if (stage.status === 'finished') return stage.elapsedMs;
  if (stage.stage === 'denoising' && msPerStep !== null) return Math.max(stage.elapsedMs, msPerStep * stage.total);
  return stage.elapsedMs;
}

const countText = (stage: StageProgress): string => {
  if (stage.total === 0) return '';
  if (stage.stage === 'loading' && stage.status === 'finished') return formatBytes(stage.total);
  if (stage.stage === 'loading') return `${formatBytes(stage.completed)} / ${formatBytes(stage.total)}`;
  return `${String(stage.completed)}/${String(stage.total)}`;
};

export function segmentsOf(stages: readonly StageProgress[], msPerStep: number | null): Segment[] {
  const durations = stages.map((stage) => expectedMs(stage, msPerStep));
  const total = durations.reduce((sum, ms) => sum + ms, 0);
  return stages.map((stage, index) => ({
    stage: stage.stage,
    status: stage.status,
    weight: total === 0 ? MIN_WEIGHT : MIN_WEIGHT + (MAX_WEIGHT * (durations[index] ?? 0)) / total,
    done: stage.status === 'finished' ? 1 : stage.total === 0 ? 0 : stage.completed / stage.total,
    count: stage.status === 'waiting' ? '' : countText(stage),
  }));
}

/** The video whose timeline is worth showing: the first that is not finished, else the last. */
export function currentVideo(progress: JobProgress): number {
  const open = progress.videos.findIndex(
    (video) => video.error === null && video.stages.some((stage) => stage.status !== 'finished'),
  );
  return open === -1 ? Math.max(progress.videos.length - 1, 0) : open;
}
