/** A model's default settings and the sizes to offer, from its own shape. */
import type { ModelShape } from '../../shared/model';
import { defaultParams, requestLimits } from '../../shared/request';
import { SAMPLING_DEFAULTS, type SamplingParams } from '../../shared/sampling';

type Size = { readonly width: number; readonly height: number };

/** As published, with CogVideo's own recommendation: DDIM for 2B (the one with sincos positions), DPM for the others. */
export const defaultSettings = (shape: ModelShape): SamplingParams => ({
  ...defaultParams(shape),
  scheduler: shape.positions === 'sincos' ? 'ddim' : 'dpm',
});

/** The model's own size, the same in portrait, and half of it, as far as the model supports them. */
export function offeredSizes(shape: ModelShape): Size[] {
  const { fixedSize, sizeStep, minSide } = requestLimits(shape);
  if (fixedSize !== null) return [{ ...fixedSize }];
  const { width, height } = defaultSettings(shape);
  const round = (side: number): number => Math.max(minSide, Math.round(side / sizeStep) * sizeStep);
  const sizes: Size[] = [
    { width, height },
    { width: height, height: width },
    { width: round(width / 2), height: round(height / 2) },
  ];
  return sizes.filter((size, at) => sizes.findIndex((s) => s.width === size.width && s.height === size.height) === at);
}

/** For a model that can't be read; the form shows its error instead of these. */
export const NO_MODEL_SETTINGS: SamplingParams = {
  width: 720,
  height: 480,
  numFrames: 49,
  ...SAMPLING_DEFAULTS,
};
