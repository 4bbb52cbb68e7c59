/** What differs between the settings of videos. Pure. */
import { formatList } from '../../../shared/format';
import type { GuestVideo, VideoMetadata } from '../../../shared/library';
import { AXES, type Plan } from '../../../shared/plan';
import { copy } from '../../copy';
import { loraText } from '../../copy/facts';

const strings = copy.compare;
type Setting = keyof typeof strings.settings;

export interface Difference {
  readonly label: string;
  /** One for each video, in their order. */
  readonly values: readonly string[];
}

const lastPart = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

const planText = (plan: Plan): string => {
  const split = AXES.filter((axis) => plan[axis] > 1);
  if (split.length === 0) return strings.off;
  return formatList(split.map((axis) => copy.plan.option({ axis: copy.plan.axes[axis], value: plan[axis] })));
};

/** Every setting of a video as it is shown, in the order of the form. */
const READERS: Readonly<Record<Setting, (metadata: VideoMetadata) => string>> = {
  prompt: ({ request }) => request.prompt,
  rewrittenFrom: ({ request }) => request.rewrittenFrom ?? '',
  negativePrompt: ({ request }) => request.negativePrompt,
  model: ({ request }) => lastPart(request.modelId),
  size: ({ request }) => `${String(request.width)} × ${String(request.height)}`,
  numFrames: ({ request }) => String(request.numFrames),
  numInferenceSteps: ({ request }) => String(request.numInferenceSteps),
  guidanceScale: ({ request }) => String(request.guidanceScale),
  useDynamicCfg: ({ request }) => (request.useDynamicCfg ? strings.on : strings.off),
  seed: ({ request }) => String(request.seed),
  scheduler: ({ request }) => copy.create.schedulers[request.scheduler],
  quality: ({ request }) => copy.create.qualities[request.quality],
  plan: ({ plan }) => planText(plan),
  loras: ({ request }) => (request.loras.length === 0 ? strings.off : formatList(request.loras.map(loraText))),
  image: ({ request }) => (request.imagePath === null ? strings.off : lastPart(request.imagePath)),
  imageFit: ({ request }) => (request.imagePath === null ? strings.off : copy.firstFrame.fits[request.imageFit]),
  fps: ({ request }) => String(request.fps),
  attention: ({ request }) => copy.create.kernels[request.attention],
  offload: ({ request }) => copy.create.offloads[request.offload],
  numPipelinePatch: ({ request, plan }) => (plan.pp > 1 ? String(request.numPipelinePatch) : strings.off),
  warmupSteps: ({ request, plan }) => (plan.pp > 1 ? String(request.warmupSteps) : strings.off),
  dtype: ({ dtype }) => dtype,
};

const SETTINGS = Object.keys(READERS) as Setting[];

/** Every setting of a video with its name. */
export const settingFacts = (metadata: VideoMetadata): readonly (readonly [label: string, value: string])[] =>
  SETTINGS.map((setting) => [strings.settings[setting], READERS[setting](metadata)]);

/**
 * Leaves out settings that are the same everywhere. A file without our settings doesn't differ: its values are unknown.
 */
export function differences(videos: readonly Pick<GuestVideo, 'metadata'>[]): readonly Difference[] {
  return SETTINGS.flatMap((setting) => {
    const values = videos.map(({ metadata }) => (metadata === null ? null : READERS[setting](metadata)));
    const isDifferent = new Set(values.filter((value) => value !== null)).size > 1;
    return isDifferent
      ? [{ label: strings.settings[setting], values: values.map((value) => value ?? strings.unknown) }]
      : [];
  });
}
