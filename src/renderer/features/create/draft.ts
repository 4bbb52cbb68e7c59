/** What the form holds, and what follows from it. The draft is the window's own until it is sent as a job. */
import { create } from 'zustand';
import type { ModelEntry } from '../../../shared/models';
import type { ModelShape } from '../../../shared/model';
import {
  nearestToPlan,
  recommendPlan,
  type MeasuredSteps,
  type Plan,
  type PlanContext,
  planKey,
  ONE_RANK,
} from '../../../shared/plan';
import type { GenerateRequest } from '../../../shared/request';
import type { Settings } from '../../../shared/settings';
import type { Slices } from '../../../shared/ipc';
import { worldDevices, type ChosenDevices } from '../plan';

export type Draft = NonNullable<Settings['draft']>;

/** A seed that is short enough to be read out. */
export const MAX_ROLLED_SEED = 999_999_999;

export const useDraft = create<{ readonly draft: Draft | null }>(() => ({ draft: null }));

export const isUsable = (model: ModelEntry): boolean => model.state.status === 'ready';

/** The model that the form is about: the one asked for while it is known, else the first that can be used. */
export function modelOf(models: readonly ModelEntry[], modelId: string | null): ModelEntry | null {
  return models.find((model) => model.id === modelId) ?? models.find(isUsable) ?? models[0] ?? null;
}

export const emptyRequest = (model: ModelEntry): GenerateRequest => ({
  ...model.defaults,
  modelId: model.id,
  prompt: '',
  negativePrompt: '',
  imagePath: null,
  seed: 42,
  videoCount: 1,
});

/** Another model brings its own settings; the words and the seed are the person's and stay. */
export const requestForModel = (request: GenerateRequest, model: ModelEntry): GenerateRequest => ({
  ...request,
  ...model.defaults,
  modelId: model.id,
  imagePath: null,
});

/** The draft as it can be shown: for a model that is there. */
export function currentDraft(
  draft: Draft | null,
  models: readonly ModelEntry[],
): { draft: Draft; model: ModelEntry } | null {
  const model = modelOf(models, draft?.request.modelId ?? null);
  if (model === null) return null;
  if (draft === null) return { model, draft: { request: emptyRequest(model), plan: ONE_RANK, isPlanAutomatic: true } };
  if (draft.request.modelId === model.id) return { model, draft };
  return { model, draft: { ...draft, request: requestForModel(draft.request, model) } };
}

export function measuredSteps(
  measurements: Slices['measurements'],
  request: GenerateRequest,
  devices: string,
): MeasuredSteps {
  const isGuided = request.guidanceScale > 1;
  return new Map(
    measurements
      .filter(
        (m) =>
          m.modelId === request.modelId &&
          m.width === request.width &&
          m.height === request.height &&
          m.numFrames === request.numFrames &&
          m.guided === isGuided &&
          m.devices === devices,
      )
      .map((m) => [planKey(m.plan), m.secondsPerStep]),
  );
}

export const planContext = (shape: ModelShape, request: GenerateRequest, devices: ChosenDevices): PlanContext => ({
  shape,
  request,
  devices: worldDevices(devices),
});

/** The plan that holds now: recommended, or the person's, moved to the nearest valid one where it has become invalid. */
export function currentPlan(context: PlanContext, draft: Draft, measured: MeasuredSteps): Plan {
  return draft.isPlanAutomatic ? recommendPlan(context, measured).plan : nearestToPlan(context, draft.plan);
}

export const changeDraft = (draft: Draft): void => useDraft.setState({ draft });

/** The settings of a video, into the form. Its plan too, where this machine has room for it. */
export const reuseSettings = (request: GenerateRequest, plan: Plan): void =>
  useDraft.setState({ draft: { request, plan, isPlanAutomatic: false } });
