/** Progress of a running job, from the worker's events only: nothing is interpolated. Pure. */
import type { Device } from '../../shared/device';
import type { JobProgress, StageProgress } from '../../shared/job';
import { STAGES, type Stage, type WorkerEvent } from '../../shared/protocol';
import { previewUrl } from '../../shared/urls';

export type VideoProgress = JobProgress['videos'][number];

/** Time after denoising, from earlier jobs; null before the first. */
export type TailMs = number | null;

export function startProgress(jobId: string, videoCount: number, denoisingSteps: number): JobProgress {
  const stages = STAGES.map((stage): StageProgress => {
    const total = stage === 'denoising' ? denoisingSteps : 0;
    return { stage, status: 'waiting', completed: 0, total, elapsedMs: 0 };
  });
  const video: VideoProgress = { stages, previewUrl: null, previewStep: null, videoId: null, error: null };
  return { jobId, videos: Array.from({ length: videoCount }, () => video), ranks: [], msPerStep: null, msLeft: null };
}

/** When a video finished its first steps: they warm up kernels, so the mean leaves them out. */
export type FirstSteps = ReadonlyMap<number, { readonly completed: number; readonly elapsedMs: number }>;

/** The first steps that are known after an event. */
export function notedFirstSteps(firstSteps: FirstSteps, event: WorkerEvent): FirstSteps {
  if (event.type !== 'stageProgressed' || event.stage !== 'denoising' || event.completed === 0) return firstSteps;
  return firstSteps.has(event.video) ? firstSteps : new Map([...firstSteps, [event.video, event]]);
}

export interface ProgressContext {
  readonly firstSteps: FirstSteps;
  readonly tailMs: TailMs;
  /** Parallel groups: the videos are assigned to them round-robin. */
  readonly dp: number;
}

export function applyProgress(progress: JobProgress, event: WorkerEvent, context: ProgressContext): JobProgress {
  if (!('jobId' in event) || event.jobId !== progress.jobId) return progress;
  const changed = applyEvent(progress, event);
  return changed === progress ? progress : withTimes(changed, context);
}

function applyEvent(progress: JobProgress, event: WorkerEvent): JobProgress {
  switch (event.type) {
    case 'stageStarted':
      return changeStage(progress, event, (stage) => ({
        ...stage,
        status: 'running',
        completed: 0,
        total: event.total,
        elapsedMs: 0,
      }));
    case 'stageProgressed':
      return changeStage(progress, event, (stage) => ({
        ...stage,
        status: 'running',
        completed: event.completed,
        total: event.total,
        elapsedMs: event.elapsedMs,
      }));
    case 'stageFinished':
      return changeStage(progress, event, (stage) => ({
        ...stage,
        status: 'finished',
        completed: stage.total,
        elapsedMs: event.durationMs,
      }));
    case 'previewMade':
      return changeVideo(progress, event.video, (video) => ({
        ...video,
        previewUrl: previewUrl(event.jobId, event.video, event.step),
        previewStep: event.step,
      }));
    case 'videoFailed':
      return changeVideo(progress, event.video, (video) => ({ ...video, error: event.error }));
    case 'rankProgressed':
      return {
        ...progress,
        ranks: progress.ranks.map((lane) =>
          lane.rank === event.rank
            ? { ...lane, stage: event.stage, completed: event.completed, total: event.total }
            : lane,
        ),
      };
    default:
      return progress;
  }
}

/** The library id of a finished video. */
export const withVideo = (progress: JobProgress, index: number, videoId: string): JobProgress =>
  changeVideo(progress, index, (video) => ({ ...video, videoId }));

/** The lanes, once the engine reports its ranks. */
export function withRanks(
  progress: JobProgress,
  ranks: readonly { readonly rank: number; readonly device: Device }[],
): JobProgress {
  const lanes = ranks.map(({ rank, device }) => {
    const before = progress.ranks.find((lane) => lane.rank === rank);
    return before ?? { rank, device, stage: null, completed: 0, total: 0 };
  });
  return { ...progress, ranks: lanes };
}

function changeVideo(
  progress: JobProgress,
  index: number,
  change: (video: VideoProgress) => VideoProgress,
): JobProgress {
  return {
    ...progress,
    videos: progress.videos.map((video, at) => (at === index ? change(video) : video)),
  };
}

function changeStage(
  progress: JobProgress,
  event: { readonly video: number; readonly stage: Stage },
  change: (stage: StageProgress) => StageProgress,
): JobProgress {
  return changeVideo(progress, event.video, (video) => ({
    ...video,
    stages: video.stages.map((stage) => (stage.stage === event.stage ? change(stage) : stage)),
  }));
}

const stageOf = (video: VideoProgress, name: Stage): StageProgress | undefined =>
  video.stages.find(({ stage }) => stage === name);

/** The mean of the steps after the first, as in the engine's report and in measurements. */
function measuredStep(stage: StageProgress | undefined, first: { completed: number; elapsedMs: number } | undefined) {
  if (stage === undefined || first === undefined || stage.completed <= first.completed) return null;
  return (stage.elapsedMs - first.elapsedMs) / (stage.completed - first.completed);
}

function withTimes(progress: JobProgress, context: ProgressContext): JobProgress {
  const measured = progress.videos.flatMap(
    (video, index) => measuredStep(stageOf(video, 'denoising'), context.firstSteps.get(index)) ?? [],
  );
  const msPerStep = measured.length === 0 ? null : measured.reduce((sum, value) => sum + value, 0) / measured.length;
  return { ...progress, msPerStep, msLeft: msLeftOf(progress, msPerStep, context) };
}

function msLeftOf(progress: JobProgress, msPerStep: number | null, context: ProgressContext): number | null {
  if (msPerStep === null) return null;
  const own = ownTail(progress);
  const perGroup = Array.from({ length: context.dp }, () => 0);
  for (const [index, video] of progress.videos.entries()) {
    // Only a group's last video keeps it waiting for the file: others are written while the next one is made.
    const isLast = index + context.dp >= progress.videos.length;
    const tailMs = own === null ? context.tailMs : own.decodingMs + (isLast ? own.writingMs : 0);
    const left = videoMsLeft(video, msPerStep, tailMs);
    if (left === null) return null;
    perGroup[index % context.dp] = (perGroup[index % context.dp] ?? 0) + left;
  }
  return Math.round(Math.max(...perGroup));
}

/** From a finished video of this job. */
function ownTail(progress: JobProgress): { readonly decodingMs: number; readonly writingMs: number } | null {
  for (const video of progress.videos) {
    const writing = stageOf(video, 'writing');
    if (writing?.status !== 'finished') continue;
    return { decodingMs: stageOf(video, 'decoding')?.elapsedMs ?? 0, writingMs: writing.elapsedMs };
  }
  return null;
}

function videoMsLeft(video: VideoProgress, msPerStep: number, tailMs: TailMs): number | null {
  const denoising = stageOf(video, 'denoising');
  const decoding = stageOf(video, 'decoding');
  if (video.error !== null || stageOf(video, 'writing')?.status === 'finished') return 0;
  if (tailMs === null) return null;
  if (denoising?.status !== 'finished')
    return ((denoising?.total ?? 0) - (denoising?.completed ?? 0)) * msPerStep + tailMs;
  return Math.max(0, tailMs - (decoding?.elapsedMs ?? 0) - (stageOf(video, 'writing')?.elapsedMs ?? 0));
}

/** Completed steps of all steps, over the job's videos: the part of the work with units of equal size. */
export function fractionOf(progress: JobProgress | null): number | null {
  if (progress === null) return null;
  const stages = progress.videos.flatMap(({ stages: all }) => all.filter(({ stage }) => stage === 'denoising'));
  const total = stages.reduce((sum, stage) => sum + stage.total, 0);
  return total === 0 ? null : stages.reduce((sum, stage) => sum + stage.completed, 0) / total;
}
