/** The contents of the form and what follows from them. The draft belongs to the window until it is sent as a job. */
import { create } from 'zustand';
import { isSameHardware } from '../../shared/device';
import type { Slices } from '../../shared/ipc';
import type { VideoMetadata } from '../../shared/library';
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
import type { GenerateRequest } from '../../shared/sampling';
import type { Settings } from '../../shared/settings';
import { copy } from '../copy/en';
import { jobDevices, worldDevices, type ChosenDevices } from './devices';
import { goTo } from './navigation';
import { useProjection } from './projection';
import { send, showToast } from './send';

export type Draft = NonNullable<Settings['draft']>;

/** A random seed that is short enough to read out. */
export const MAX_ROLLED_SEED = 999_999_999;

export const useDraft = create<{ readonly draft: Draft | null }>(() => ({ draft: null }));

export const isUsable = (model: ModelEntry): boolean => model.state.status === 'ready';

/** The model of the form: the requested one while it is known, otherwise the first that can be used. */
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

/** Another model brings its own settings; the prompt and the seed are the person's and stay. */
export const requestForModel = (request: GenerateRequest, model: ModelEntry): GenerateRequest => ({
  ...request,
  ...model.defaults,
  modelId: model.id,
  imagePath: null,
});

/** The draft as it can be shown: for a model that exists. */
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

/** Measured seconds a step, by plan, for this request on these devices. */
export function measuredSteps(
  measurements: Slices['measurements'],
  request: GenerateRequest,
  devices: ChosenDevices,
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
          isSameHardware(m.devices, jobDevices(devices, worldSize(m.plan))),
      )
      .map((m) => [planKey(m.plan), m.secondsPerStep]),
  );
}

export const planContext = (shape: ModelShape, request: GenerateRequest, devices: ChosenDevices): PlanContext => ({
  shape,
  request,
  devices: worldDevices(devices),
});

/** The plan in effect: the recommended one, or the person's, moved to the nearest valid one if it became invalid. */
export function currentPlan(context: PlanContext, draft: Draft, measured: MeasuredSteps): Plan {
  return draft.isPlanAutomatic ? recommendPlan(context, measured).plan : nearestToPlan(context, draft.plan);
}

export const changeDraft = (draft: Draft): void => useDraft.setState({ draft });

/** The draft as the form shows it now; null before the first snapshot and while no model is known. */
function draftNow(): Draft | null {
  const { slices } = useProjection.getState();
  if (slices === null) return null;
  return currentDraft(useDraft.getState().draft ?? slices.settings.draft, slices.models)?.draft ?? null;
}

/** Fills the form with a video's settings, and its plan as far as this machine allows. */
export function adoptVideo({ request, plan }: Pick<VideoMetadata, 'request' | 'plan'>): void {
  changeDraft({ request, plan, isPlanAutomatic: false });
  goTo('create');
  showToast(copy.app.settingsReused);
}

/** As adoptVideo, from a video file: a dropped one (its path), or one chosen in the system's dialog (null). */
export async function adoptVideoFile(path: string | null): Promise<void> {
  const metadata = await send(window.splitreel.readVideoSettings({ path }));
  if (metadata !== null) adoptVideo(metadata);
}

export function adoptModel(model: ModelEntry): void {
  const draft = draftNow();
  if (draft !== null) changeDraft({ ...draft, request: requestForModel(draft.request, model) });
  goTo('create');
}

/** Makes an image the first frame. */
export function adoptImage(imagePath: string): void {
  const draft = draftNow();
  if (draft !== null) changeDraft({ ...draft, request: { ...draft.request, imagePath } });
}
