/** From a draft to the finished video: the same prompt and seed at the full size, steps and quality, on all devices. */
import type { GenerateRequest } from '../../shared/sampling';
import type { VideoMetadata } from '../../shared/library';
import type { ModelEntry } from '../../shared/models';
import { nearestToPlan, worldSize } from '../../shared/plan';
import { copy } from '../copy';
import { chosenDevices, jobDevices } from './devices';
import { planContext } from './draft';
import { enqueueJobs, jobInput } from './job-input';
import { useProjection, useSlice } from './projection';
import { send, showToast } from './send';

/** Null for a video that already has full quality. */
export function finishedRequest(
  draft: GenerateRequest,
  { defaults }: Pick<ModelEntry, 'defaults'>,
): GenerateRequest | null {
  const isSmaller = draft.width * draft.height < defaults.width * defaults.height;
  const finished: GenerateRequest = {
    ...draft,
    ...(isSmaller ? { width: defaults.width, height: defaults.height } : {}),
    numFrames: Math.max(draft.numFrames, defaults.numFrames),
    numInferenceSteps: Math.max(draft.numInferenceSteps, defaults.numInferenceSteps),
    quality: 'exact',
    videoCount: 1,
  };
  return JSON.stringify(finished) === JSON.stringify(draft) ? null : finished;
}

type VideoRecipe = Pick<VideoMetadata, 'request' | 'plan'>;

/** Queues a video again with its seed in the exact quality, for comparison. */
export const makeExact = ({ request, plan }: VideoRecipe): void =>
  queueAgain({ request: { ...request, quality: 'exact' }, plan }, copy.player.exactQueued);

/** Queues the same request immediately, whatever the form contains. */
export const makeAgain = (made: VideoRecipe): void => queueAgain(made, copy.videos.madeAgain);

/** With its plan, as far as this computer allows. */
function queueAgain({ request, plan }: VideoRecipe, text: string): void {
  const { slices } = useProjection.getState();
  if (slices === null) return;
  const devices = chosenDevices(slices.machine, slices.settings);
  const model = slices.models.find(({ id }) => id === request.modelId);
  const possible =
    model?.state.status === 'ready' ? nearestToPlan(planContext(model.state.shape, request, devices), plan) : plan;
  const job = { request, plan: possible, devices: [...jobDevices(devices, worldSize(possible))] };
  void send(window.splitreel.enqueueJobs({ jobs: [job] })).then((queued) => {
    if (queued !== null) showToast(text);
  });
}

export interface Finish {
  /** A summary: `720 x 480, 49 frames, 50 steps`. */
  readonly summary: string;
  readonly run: () => void;
}

/** Null if there is nothing to finish or the model is missing. */
export function useFinish(draft: GenerateRequest): Finish | null {
  const model = useSlice('models').find(({ id }) => id === draft.modelId);
  const devices = chosenDevices(useSlice('machine'), useSlice('settings'));
  const measurements = useSlice('measurements');
  if (model?.state.status !== 'ready') return null;
  const { shape } = model.state;
  const request = finishedRequest(draft, model);
  if (request === null) return null;
  const { width, height, numFrames, numInferenceSteps } = request;
  const summary = copy.queue.setSummary({ width, height, frames: numFrames, steps: numInferenceSteps });
  return {
    summary,
    run: () => {
      enqueueJobs([jobInput({ shape, request, devices, measurements }, null)], {
        prompt: request.prompt,
        isList: false,
      });
      showToast(copy.results.finishing({ summary }));
    },
  };
}
