/** The form's contents and values derived from them. The window owns the draft until it is sent as a job. */
import { create } from 'zustand';
import { isSameHardware } from '../../shared/device';
import type { Slices } from '../../shared/ipc';
import type { Job } from '../../shared/job';
import type { ModelShape } from '../../shared/model';
import type { ModelEntry } from '../../shared/models';
import {
  nearestToPlan,
  ONE_RANK,
  planKey,
  recommendPlan,
  worldSize,
  type MeasuredSteps,
  type Plan,
  type PlanContext,
} from '../../shared/plan';
import { requestLimits } from '../../shared/request';
import type { GenerateRequest } from '../../shared/sampling';
import type { Settings } from '../../shared/settings';
import { jobDevices, worldDevices, type ChosenDevices } from './devices';
import { useProjection, useSlice } from './projection';

export type Draft = NonNullable<Settings['draft']>;

/** A random seed that is short enough to read aloud. */
const MAX_ROLLED_SEED = 999_999_999;

export const useDraft = create<{ readonly draft: Draft | null }>(() => ({ draft: null }));

const isUsable = (model: ModelEntry): boolean => model.state.status === 'ready';

export const emptyRequest = (model: ModelEntry): GenerateRequest => ({
  ...model.defaults,
  modelId: model.id,
  prompt: '',
  rewrittenFrom: null,
  negativePrompt: '',
  imagePath: null,
  seed: 42,
  videoCount: 1,
});

const wordsOf = (text: string): readonly string[] => text.match(/\p{Script=Han}|[\p{L}\p{N}]+/gu) ?? [];

/** An edited prompt still comes from the rewritten one; a replaced one, which keeps none of its words, doesn't. */
export function withPrompt(request: GenerateRequest, prompt: string): GenerateRequest {
  if (request.rewrittenFrom === null) return { ...request, prompt };
  const before = new Set(wordsOf(request.prompt));
  const isEdited = wordsOf(prompt).some((word) => before.has(word));
  return { ...request, prompt, rewrittenFrom: isEdited ? request.rewrittenFrom : null };
}

/** Another model provides its own settings; the user's prompt and seed stay. */
export const requestForModel = (request: GenerateRequest, model: ModelEntry): GenerateRequest => ({
  ...request,
  ...model.defaults,
  modelId: model.id,
  imagePath: null,
});

export interface CurrentDraft {
  readonly draft: Draft;
  /** Null if the draft's model is unknown: the video was made elsewhere, or the model was removed. */
  readonly model: ModelEntry | null;
}

/** The draft as the form shows it; null without a draft or a model to start one with. */
export function currentDraft(draft: Draft | null, models: readonly ModelEntry[]): CurrentDraft | null {
  if (draft === null) {
    const model = models.find(isUsable) ?? models[0];
    if (model === undefined) return null;
    const request = emptyRequest(model);
    return {
      model,
      draft: { request, plan: ONE_RANK, isPlanAutomatic: true, isSeedLocked: false, isPromptList: false },
    };
  }
  const model = models.find(({ id }) => id === draft.request.modelId) ?? null;
  // The form shows no image field for this model, so drop the image.
  const request = takesImage(model) ? draft.request : { ...draft.request, imagePath: null };
  // With another image, or none, the video is no longer a continuation.
  const { continues, ...others } = draft;
  const isContinuation = continues?.imagePath === request.imagePath;
  return { model, draft: { ...others, request, ...(continues !== undefined && isContinuation ? { continues } : {}) } };
}

/** False only if certain: a model that isn't ready may use an image. */
export const takesImage = (model: ModelEntry | null): boolean =>
  model?.state.status !== 'ready' || model.state.shape.task === 'image-to-video';

/** Transfers settings from a missing model to another one, as far as it supports them. */
export function requestForOtherModel(request: GenerateRequest, model: ModelEntry): GenerateRequest {
  const fixedSize = model.state.status === 'ready' ? requestLimits(model.state.shape).fixedSize : null;
  return { ...request, ...fixedSize, modelId: model.id };
}

export const rollSeed = (): number => Math.floor(Math.random() * (MAX_ROLLED_SEED + 1));

type Measurements = Slices['measurements'];

const isSameWork = (m: Measurements[number], request: GenerateRequest): boolean =>
  m.modelId === request.modelId &&
  m.width === request.width &&
  m.height === request.height &&
  m.numFrames === request.numFrames &&
  m.guided === request.guidanceScale > 1 &&
  m.quality === request.quality &&
  m.offload === request.offload;

/** Measured seconds per step, by plan, for this request on these devices. */
export const measuredSteps = (
  measurements: Measurements,
  request: GenerateRequest,
  devices: ChosenDevices,
): MeasuredSteps =>
  new Map(
    measurements
      .filter((m) => isSameWork(m, request) && isSameHardware(m.devices, jobDevices(devices, worldSize(m.plan))))
      .map((m) => [planKey(m.plan), m.secondsPerStep]),
  );

type MeasuredJob = Pick<Job, 'request' | 'plan' | 'devices'>;

const measurementOf = (measurements: Measurements, job: MeasuredJob): Measurements[number] | undefined =>
  measurements.find(
    (m) =>
      isSameWork(m, job.request) && planKey(m.plan) === planKey(job.plan) && isSameHardware(m.devices, job.devices),
  );

/** The time per step of earlier similar jobs; null if there are none. */
export function measuredMsPerStep(measurements: Measurements, job: MeasuredJob): number | null {
  const like = measurementOf(measurements, job);
  return like === undefined ? null : like.secondsPerStep * 1000;
}

export interface ExpectedTime {
  readonly ms: number;
  /** False if only the time of the denoising steps is known. */
  readonly isWhole: boolean;
}

/** The expected time of this job with the model loaded, from similar jobs; null if there are none. */
export function expectedTime(measurements: Measurements, job: MeasuredJob): ExpectedTime | null {
  const like = measurementOf(measurements, job);
  if (like === undefined) return null;
  const { numInferenceSteps, videoCount } = job.request;
  const videoMs = like.secondsPerStep * 1000 * numInferenceSteps + (like.tailMs ?? 0);
  return { ms: videoMs * Math.ceil(videoCount / job.plan.dp), isWhole: like.tailMs !== null };
}

export const planContext = (shape: ModelShape, request: GenerateRequest, devices: ChosenDevices): PlanContext => ({
  shape,
  request,
  devices: worldDevices(devices),
});

/** The plan in effect: the recommended one, or the user's, moved to the nearest valid one if it became invalid. */
export function currentPlan(context: PlanContext, draft: Draft, measured: MeasuredSteps): Plan {
  return draft.isPlanAutomatic ? recommendPlan(context, measured).plan : nearestToPlan(context, draft.plan);
}

export const changeDraft = (draft: Draft): void => useDraft.setState({ draft });

/** The draft as the form shows it now; null before the first snapshot and without a known model. */
export function currentFromSlices(): CurrentDraft | null {
  const { slices } = useProjection.getState();
  if (slices === null) return null;
  return currentDraft(useDraft.getState().draft ?? slices.settings.draft, slices.models);
}

/** The model that the form is for. */
export function useDraftModelId(): string | null {
  const models = useSlice('models');
  const saved = useSlice('settings').draft;
  const draft = useDraft((state) => state.draft);
  return currentDraft(draft ?? saved, models)?.draft.request.modelId ?? null;
}
