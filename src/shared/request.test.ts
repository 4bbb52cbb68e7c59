import { describe, expect, it } from 'vitest';
import { SHAPE as shape } from '../../test/fakes/request';
import { reasonText } from './messages';
import type { ModelShape } from './model';
import type { Lora } from './sampling';
import { checkRequest, requestLimits } from './request';

const request = {
  prompt: 'a small dog',
  negativePrompt: '',
  imagePath: null,
  width: 720,
  height: 480,
  numFrames: 49,
  numInferenceSteps: 50,
  guidanceScale: 6,
  seed: 42,
  videoCount: 1,
  quality: 'exact',
  numPipelinePatch: 2,
  warmupSteps: 1,
  fps: 8,
  imagePosition: 0.5,
  loras: [] as Lora[],
};
const sentences = (change: Partial<typeof request>, on: ModelShape = shape): string[] =>
  checkRequest(on, { ...request, ...change }).map(reasonText);

describe('checkRequest', () => {
  it("accepts the model's own defaults", () => {
    expect(sentences({})).toEqual([]);
  });

  it.each([
    [{ prompt: '  \n' }, 'Describe what the video should show.'],
    // Not in the golden table: JSON parsers differ about lone surrogates.
    [{ prompt: 'a \ud83d dog' }, 'The prompt contains an invalid character: delete it and type it again.'],
    [{ negativePrompt: '\udc00' }, 'The negative prompt contains an invalid character: delete it and type it again.'],
    [{ numFrames: 13 }, "13 frames aren't possible: choose 9 or 17."],
    [{ numFrames: 48 }, "48 frames aren't possible: choose 41 or 49."],
    [{ numFrames: 50 }, "50 frames aren't possible: this model makes 9 to 49."],
    [{ height: 481 }, "A height of 481 isn't possible: it must be a multiple of 16, such as 480 or 496."],
    [{ numInferenceSteps: 0 }, "0 steps aren't possible: choose 1 to 500."],
    [{ seed: -1 }, 'The seed must be a whole number from 0 to 9007199254740991.'],
    [{ imagePosition: 1.5 }, 'The position of the image must be from 0 to 1, not 1.5.'],
    [{ warmupSteps: 51 }, "51 warm-up steps aren't possible: choose 0 to 50."],
  ])('%j: %s', (change, sentence) => {
    expect(sentences(change)).toEqual([sentence]);
  });

  it('limits a model with learned positions to its own size', () => {
    expect(sentences({ width: 704 }, { ...shape, positions: 'learned' })).toEqual(['This model makes 720 × 480 only.']);
  });

  it('requires an image for image to video', () => {
    expect(sentences({}, { ...shape, task: 'image-to-video' })).toEqual([
      'This model starts from an image. Choose one.',
    ]);
  });
});

describe('requestLimits', () => {
  it('takes every factor from the model', () => {
    const small = { ...shape, spatialCompression: 4 };
    expect(requestLimits(small).sizeStep).toBe(8);
    expect(requestLimits({ ...shape, patchSizeTemporal: 2, sampleFrames: 81 }).maxFrames).toBe(161);
  });
});
