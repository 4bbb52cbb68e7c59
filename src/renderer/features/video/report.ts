/** A finished job's report as text. Pure. */
import { formatBytes, formatDuration, formatPair } from '../../../shared/format';
import { resultIds, type Job } from '../../../shared/job';
import type { LibraryVideo, VideoMetadata } from '../../../shared/library';
import type { ModelEntry } from '../../../shared/models';
import { AXES, type Plan } from '../../../shared/plan';
import type { JobReport } from '../../../shared/protocol';
import type { GenerateRequest } from '../../../shared/sampling';
import { copy } from '../../copy';
import { computedText, loraText } from '../../copy/facts';

const strings = copy.progress;

/** The known part of a video's report: all of it while its job is in the list, afterwards what the file contains. */
export type KnownReport = JobReport | NonNullable<VideoMetadata['report']>;

export function reportOf(video: LibraryVideo, jobs: readonly Job[]): KnownReport | null {
  for (const { state } of jobs)
    if (state.status === 'finished' && (state.videoIds.includes(video.id) || resultIds(state).includes(video.id)))
      return state.report;
  return video.metadata.report;
}

export function peakBytes(report: KnownReport): number {
  const peaks = 'ranks' in report ? report.ranks : report.peaks;
  return peaks.reduce((peak, { peakMemoryBytes }) => Math.max(peak, peakMemoryBytes), 0);
}

/** `Generated in 28 s`, `0.47 s per step`, `22 GB peak memory`, ... */
export function reportFigures(report: KnownReport): string[] {
  const peak = peakBytes(report);
  return [
    strings.total({ time: formatDuration(report.totalMs) }),
    strings.perStep({ time: formatDuration(report.msPerStep) }),
    ...(peak > 0 ? [strings.peak({ size: formatBytes(peak) })] : []),
    report.weightBytesRead === 0 ? strings.warm : strings.cold({ size: formatBytes(report.weightBytesRead) }),
  ];
}

/** How long each stage took, and what each device needed. */
export const reportDetails = (report: KnownReport): string[] => [
  ...('notices' in report ? report.notices : []),
  ...report.stages.map(({ stage, durationMs }) => formatPair(strings.stages[stage], formatDuration(durationMs))),
  ...('ranks' in report
    ? report.ranks.map((rank) =>
        formatPair(
          copy.devices.name({ kind: rank.device.kind, index: rank.device.index }),
          formatBytes(rank.peakMemoryBytes),
        ),
      )
    : report.peaks.map((peak) => formatPair(strings.stages[peak.stage], formatBytes(peak.peakMemoryBytes)))),
];

/** The name of a model, or the end of its path if it is missing. */
export const modelName = (modelId: string, models: readonly ModelEntry[]): string =>
  models.find(({ id }) => id === modelId)?.name ?? modelId.split(/[\\/]/).at(-1) ?? modelId;

/** The request: model, size, steps, seed, split. */
export function requestFacts(
  request: GenerateRequest,
  plan: Plan,
  models: readonly ModelEntry[],
  isApproximate: boolean,
): string[] {
  const { modelId, width, height, numFrames, numInferenceSteps, seed, videoCount, quality } = request;
  return [
    modelName(modelId, models),
    copy.queue.setSummary({ width, height, frames: numFrames, steps: numInferenceSteps }),
    videoCount > 1 ? copy.library.seeds({ first: seed, last: seed + videoCount - 1 }) : copy.library.seed({ seed }),
    ...AXES.filter((axis) => plan[axis] > 1).map((axis) =>
      copy.plan.option({ axis: copy.plan.axes[axis], value: plan[axis] }),
    ),
    ...request.loras.map(loraText),
    ...(quality === 'exact' ? [] : [copy.library.qualities[quality]]),
    ...(quality === 'fast' ? [computedText(numInferenceSteps, numInferenceSteps)] : []),
    ...(isApproximate ? [copy.library.approximate] : []),
  ];
}
