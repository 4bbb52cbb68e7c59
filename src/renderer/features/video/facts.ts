/** All details of a video, in groups, for its page and as text. Pure. */
import { formatBytes, formatDate, formatDuration, formatList } from '../../../shared/format';
import type { LibraryVideo } from '../../../shared/library';
import type { ModelEntry } from '../../../shared/models';
import { loraName } from '../../../shared/sampling';
import { copy } from '../../copy';
import { settingFacts } from '../compare';
import { modelName, type KnownReport } from './report';

const strings = copy.facts;

export type Fact = readonly [label: string, value: string];
export interface FactGroup {
  readonly title: string;
  readonly facts: readonly Fact[];
}

export function factGroups(
  video: LibraryVideo,
  report: KnownReport | null,
  models: readonly ModelEntry[],
): readonly FactGroup[] {
  const { metadata } = video;
  const { request, model, devices, versions } = metadata;
  const groups: FactGroup[] = [
    { title: strings.groups.file, facts: fileFacts(video) },
    { title: strings.groups.settings, facts: settingFacts(metadata) },
    {
      title: strings.groups.model,
      facts: [
        [strings.modelId, modelName(request.modelId, models)],
        [strings.fingerprint, model.fingerprint],
        ...request.loras.map((lora): Fact => [strings.loraHash({ name: loraName(lora) }), lora.sha256]),
      ],
    },
    {
      title: strings.groups.machine,
      facts: [
        [strings.devices, formatList(devices.map(({ name }) => name))],
        [strings.approximate, metadata.approximate ? strings.approximates.yes : strings.approximates.no],
      ],
    },
    { title: strings.groups.report, facts: report === null ? [] : reportFacts(report) },
    { title: strings.groups.versions, facts: Object.entries(versions) },
  ];
  return groups
    .map(({ title, facts }) => ({ title, facts: facts.filter(([, value]) => value !== '') }))
    .filter(({ facts }) => facts.length > 0);
}

const fileFacts = ({
  fileName,
  sizeBytes,
  createdAtMs,
  durationMs,
  frameRate,
  metadata,
  marks,
}: LibraryVideo): Fact[] => {
  const createdMs = Date.parse(metadata.createdAt);
  return [
    [strings.file, fileName],
    [strings.fileSize, formatBytes(sizeBytes)],
    [strings.created, Number.isNaN(createdMs) ? metadata.createdAt : formatDate(createdMs)],
    [strings.modified, formatDate(createdAtMs)],
    [strings.duration, formatDuration(durationMs)],
    [strings.frameRate, strings.frameRates({ fps: frameRate })],
    [copy.videos.rating, marks.rating === 0 ? '' : copy.videos.ratings({ rating: marks.rating })],
    [copy.videos.tags, formatList(marks.tags)],
  ];
};

function reportFacts(report: KnownReport): Fact[] {
  const { stages } = copy.progress;
  const peaks: Fact[] =
    'ranks' in report
      ? report.ranks.map(({ device, peakMemoryBytes }) => [
          strings.devicePeak({ device: copy.devices.name({ kind: device.kind, index: device.index }) }),
          formatBytes(peakMemoryBytes),
        ])
      : report.peaks.map(({ stage, peakMemoryBytes }) => [
          strings.stagePeak({ stage: stages[stage] }),
          formatBytes(peakMemoryBytes),
        ]);
  return [
    [strings.total, formatDuration(report.totalMs)],
    [strings.perStep, formatDuration(report.msPerStep)],
    [strings.weights, report.weightBytesRead === 0 ? copy.progress.warm : formatBytes(report.weightBytesRead)],
    ...report.stages.map(({ stage, durationMs }): Fact => [
      strings.stageTime({ stage: stages[stage] }),
      formatDuration(durationMs),
    ]),
    ...peaks,
  ];
}

/** One line for each fact, under the titles of their groups. */
export const factsAsText = (groups: readonly FactGroup[]): string =>
  groups
    .map(({ title, facts }) => [title, ...facts.map(([label, value]) => `  ${label}: ${value}`)].join('\n'))
    .join('\n\n');
