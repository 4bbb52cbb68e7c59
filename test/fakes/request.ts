/** A request that is valid for one model shape, for tests that need any. */
import { defaultSettings } from '../../src/main/models/defaults';
import type { ModelShape } from '../../src/shared/model';
import type { GenerateRequest } from '../../src/shared/sampling';

export const SHAPE: ModelShape = {
  task: 'text-to-video',
  heads: 30,
  blocks: 30,
  patchSize: 2,
  patchSizeTemporal: 1,
  spatialCompression: 8,
  temporalCompression: 4,
  latentChannels: 16,
  maxTextTokens: 226,
  positions: 'sincos',
  sampleWidth: 720,
  sampleHeight: 480,
  sampleFrames: 49,
  scheduler: 'CogVideoXDDIMScheduler',
};

export const request = (changes: Partial<GenerateRequest> = {}): GenerateRequest => ({
  ...defaultSettings(SHAPE),
  modelId: 'demo',
  prompt: 'a small dog',
  rewrittenFrom: null,
  negativePrompt: '',
  imagePath: null,
  seed: 7,
  videoCount: 1,
  numInferenceSteps: 6,
  ...changes,
});
