/** All details of a video, in groups, for its page and as text. Pure. */
import { formatBytes, formatDate, formatDuration, formatList } from '../../../shared/format';
import type { LibraryVideo } from '../../../shared/library';
import type { ModelEntry } from '../../../shared/models';
import { loraName } from '../../../shared/sampling';
import { copy } from '../../copy';
import { settingFacts } from '../compare';
import { modelName, type KnownReport } from './report';

const words = copy.facts;

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
    { title: words.groups.file, facts: fileFacts(video) },
    { title: words.groups.settings, facts: settingFacts(metadata) },
    {
      title: words.groups.model,
      facts: [
        [words.modelId, modelName(request.modelId, models)],
        [words.fingerprint, model.fingerprint],
        ...request.loras.map((lora): Fact => [words.loraHash({ name: loraName(lora) }), lora.sha256]),
      ],
    },
    {
      title: words.groups.machine,
      facts: [
        [words.devices, formatList(devices.map(({ name }) => name))],
        [words.approximate, metadata.approximate ? words.approximates.yes : words.approximates.no],
      ],
    },
    { title: words.groups.report, facts: report === null ? [] : reportFacts(report) },
    { title: words.groups.versions, facts: Object.entries(versions) },
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
    [words.file, fileName],
    [words.fileSize, formatBytes(sizeBytes)],
    [words.created, Number.isNaN(createdMs) ? metadata.createdAt : formatDate(createdMs)],
    [words.modified, formatDate(createdAtMs)],
    [words.duration, formatDuration(durationMs)],
    [words.frameRate, words.frameRates({ fps: frameRate })],
    [copy.videos.rating, marks.rating === 0 ? '' : copy.videos.ratings({ rating: marks.rating })],
    [copy.videos.tags, formatList(marks.tags)],
  ];
};

function reportFacts(report: KnownReport): Fact[] {
  const { stages } = copy.progress;
  const peaks: Fact[] =
    'ranks' in report
      ? report.ranks.map(({ device, peakMemoryBytes }) => [
          words.devicePeak({ device: copy.devices.name({ kind: device.kind, index: device.index }) }),
          formatBytes(peakMemoryBytes),
        ])
      : report.peaks.map(({ stage, peakMemoryBytes }) => [
          words.stagePeak({ stage: stages[stage] }),
          formatBytes(peakMemoryBytes),
        ]);
  return [
    [words.total, formatDuration(report.totalMs)],
    [words.perStep, formatDuration(report.msPerStep)],
    [words.weights, report.weightBytesRead === 0 ? copy.progress.warm : formatBytes(report.weightBytesRead)],
    ...report.stages.map(({ stage, durationMs }): Fact => [
      words.stageTime({ stage: stages[stage] }),
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
