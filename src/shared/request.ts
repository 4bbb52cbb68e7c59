/**
 * Whether a model allows a request. Pure; Python has the same rules (python/splitreel/rules/request.py), and both run
 * resources/golden/request-cases.json.
 */
import { MAX_LORA_STRENGTH, MAX_LORAS, MAX_SEED, MAX_SIDE, MAX_STEPS } from './limits';
import type { Reason } from './messages';
import type { ModelShape } from './model';
import {
  DEFAULTS_BY_PATCHES,
  SAMPLING_DEFAULTS,
  SAMPLING_RANGES,
  SIZE_OF_SQUARE,
  type GenerateRequest,
  type SamplingParams,
} from './sampling';

export interface RequestLimits {
  /** Width and height are multiples of this. */
  readonly sizeStep: number;
  readonly minSide: number;
  readonly maxSide: number;
  readonly fixedSize: { readonly width: number; readonly height: number } | null;
  /** Frames are k * frameStep + 1. */
  readonly frameStep: number;
  readonly minFrames: number;
  readonly maxFrames: number;
}

export function requestLimits(shape: ModelShape): RequestLimits {
  const sizeStep = shape.spatialCompression * shape.patchSize;
  // The VAE works on two latent frames at a time after the first, so 4k+1 frames are silently changed by diffusers.
  const frameStep = 2 * shape.temporalCompression;
  return {
    sizeStep,
    minSide: 2 * sizeStep,
    maxSide: MAX_SIDE - (MAX_SIDE % sizeStep),
    fixedSize: shape.positions === 'learned' ? { width: shape.sampleWidth, height: shape.sampleHeight } : null,
    frameStep,
    minFrames: frameStep + 1,
    // CogVideoX 1.5, the family with temporal patches, is published for 5 and for 10 seconds: twice its sample length.
    maxFrames: shape.patchSizeTemporal > 1 ? 2 * (shape.sampleFrames - 1) + 1 : shape.sampleFrames,
  };
}

/** The settings that a model's authors publish, from its shape. */
export function defaultParams(shape: ModelShape): SamplingParams {
  const isTemporal = shape.patchSizeTemporal > 1;
  const isSquare = shape.sampleWidth === shape.sampleHeight && shape.sampleWidth > SIZE_OF_SQUARE.width;
  const size = isTemporal && isSquare ? SIZE_OF_SQUARE : { width: shape.sampleWidth, height: shape.sampleHeight };
  return {
    ...SAMPLING_DEFAULTS,
    ...DEFAULTS_BY_PATCHES[isTemporal ? 'temporal' : 'spatial'],
    ...size,
    numFrames: shape.sampleFrames,
  };
}

/** Half of a character beyond U+FFFF, which isn't valid in UTF-8 and which no tokenizer accepts. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

type Checked = Pick<
  GenerateRequest,
  | 'prompt'
  | 'negativePrompt'
  | 'imagePath'
  | 'width'
  | 'height'
  | 'numFrames'
  | 'numInferenceSteps'
  | 'seed'
  | 'warmupSteps'
  | 'loras'
> &
  Pick<GenerateRequest, (typeof SAMPLING_RANGES)[number]['field']>;

/** A reason and the field of the form that it is about. */
export type RequestReason = Reason & { readonly field: keyof Checked };

/** Everything in the request that the model doesn't allow; an empty list means that it is valid. */
export function checkRequest(shape: ModelShape, request: Checked): RequestReason[] {
  const reasons: RequestReason[] = [];
  if (request.prompt.trim() === '') reasons.push({ field: 'prompt', code: 'prompt_empty', params: {} });
  if (LONE_SURROGATE.test(request.prompt)) reasons.push({ field: 'prompt', code: 'prompt_not_unicode', params: {} });
  if (LONE_SURROGATE.test(request.negativePrompt))
    reasons.push({ field: 'negativePrompt', code: 'negative_prompt_not_unicode', params: {} });
  if (shape.task === 'image-to-video' && request.imagePath === null)
    reasons.push({ field: 'imagePath', code: 'image_missing', params: {} });
  if (shape.task === 'text-to-video' && request.imagePath !== null)
    reasons.push({ field: 'imagePath', code: 'image_not_used', params: {} });
  reasons.push(
    ...checkSize(shape, request),
    ...checkFrames(shape, request.numFrames),
    ...checkNumbers(request),
    ...checkLoras(request.loras),
  );
  return reasons;
}

function checkSize(shape: ModelShape, request: Checked): RequestReason[] {
  const limits = requestLimits(shape);
  const { fixedSize } = limits;
  if (fixedSize !== null) {
    const fits = request.width === fixedSize.width && request.height === fixedSize.height;
    return fits ? [] : [{ field: 'width', code: 'size_fixed', params: { ...fixedSize } }];
  }
  const reasons: RequestReason[] = [];
  for (const side of ['width', 'height'] as const) {
    const value = request[side];
    const { sizeStep: step, minSide: min, maxSide: max } = limits;
    if (value < min || value > max)
      reasons.push({ field: side, code: 'size_out_of_range', params: { side, value, min, max } });
    else if (value % step !== 0) {
      const lower = value - (value % step);
      reasons.push({
        field: side,
        code: 'size_not_multiple',
        params: { side, value, step, lower, upper: lower + step },
      });
    }
  }
  return reasons;
}

function checkFrames(shape: ModelShape, frames: number): RequestReason[] {
  const { minFrames: min, maxFrames: max, frameStep } = requestLimits(shape);
  if (frames < min || frames > max)
    return [{ field: 'numFrames', code: 'frames_out_of_range', params: { frames, min, max } }];
  const over = (frames - 1) % frameStep;
  if (over === 0) return [];
  const lower = frames - over;
  // Beyond the last possible number there is only the lower neighbor, and the one below it.
  const upper = lower + frameStep > max ? lower - frameStep : lower + frameStep;
  return [
    {
      field: 'numFrames',
      code: 'frames_not_allowed',
      params: { frames, lower: Math.min(lower, upper), upper: Math.max(lower, upper) },
    },
  ];
}

function checkNumbers(request: Checked): RequestReason[] {
  const reasons: RequestReason[] = [];
  const { numInferenceSteps: steps, videoCount: videos, warmupSteps: warmup } = request;
  // Warm-up is counted in steps, so it can only be checked if the steps themselves are valid.
  if (!(steps >= 1 && steps <= MAX_STEPS))
    reasons.push({ field: 'numInferenceSteps', code: 'steps_out_of_range', params: { steps, min: 1, max: MAX_STEPS } });
  else if (!(warmup >= 0 && warmup <= steps))
    reasons.push({ field: 'warmupSteps', code: 'warmup_out_of_range', params: { warmup, max: steps } });
  for (const { field, min, max, code } of SAMPLING_RANGES) {
    const value = request[field];
    if (!(value >= min && value <= max)) reasons.push({ field, code, params: { value, min, max } });
  }
  // The last video's seed counts too: seeds run from seed to seed + videos - 1.
  if (!(Number.isInteger(request.seed) && request.seed >= 0 && request.seed <= MAX_SEED - (videos - 1)))
    reasons.push({ field: 'seed', code: 'seed_out_of_range', params: { max: MAX_SEED } });
  return reasons;
}

function checkLoras(loras: Checked['loras']): RequestReason[] {
  const reasons: RequestReason[] = [];
  const add = (reason: Reason): void => void reasons.push({ field: 'loras', ...reason });
  if (loras.length > MAX_LORAS) add({ code: 'loras_too_many', params: { loras: loras.length, max: MAX_LORAS } });
  for (const [index, { path, sha256, strength }] of loras.entries()) {
    const file = path.split(/[\\/]/).at(-1) ?? path;
    if (!(Math.abs(strength) <= MAX_LORA_STRENGTH))
      add({
        code: 'lora_strength_out_of_range',
        params: { file, strength, min: -MAX_LORA_STRENGTH, max: MAX_LORA_STRENGTH },
      });
    if (loras.findIndex((other) => other.sha256 === sha256) < index) add({ code: 'lora_twice', params: { file } });
  }
  return reasons;
}
