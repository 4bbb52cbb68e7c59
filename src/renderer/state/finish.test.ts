import { expect, test } from 'vitest';
import { MODEL } from '../../../test/fakes/main-process';
import { request } from '../../../test/fakes/request';
import { finishedRequest } from './finish';

test('a draft is finished with its own seed, at full size, length, steps and quality', () => {
  const draft = request({ width: 360, height: 240, numFrames: 17, numInferenceSteps: 10, quality: 'fast', seed: 9 });
  expect(finishedRequest(draft, MODEL)).toEqual({
    ...draft,
    width: 720,
    height: 480,
    numFrames: 49,
    numInferenceSteps: 50,
    quality: 'exact',
  });
});

test("higher settings than the model's are kept, and a full-quality video offers nothing to finish", () => {
  expect(finishedRequest(request({ numInferenceSteps: 10, width: 960, height: 640 }), MODEL)).toMatchObject({
    width: 960,
    numInferenceSteps: 50,
  });
  expect(finishedRequest(request({ numInferenceSteps: 80 }), MODEL)).toBeNull();
});
