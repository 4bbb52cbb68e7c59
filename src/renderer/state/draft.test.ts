/** The draft: what other pages hand to the form. */
import { beforeEach, expect, test } from 'vitest';
import { fakeMain, MODEL, SLICES } from '../../../test/fakes/main-process';
import { request } from '../../../test/fakes/app';
import { ONE_RANK, type Plan } from '../../shared/plan';
import { adoptImage, adoptModel, adoptVideo, changeDraft, useDraft } from './draft';
import { useNavigation } from './navigation';
import { useProjection } from './projection';

beforeEach(() => {
  const main = fakeMain();
  Object.defineProperty(window, 'splitreel', { value: main.api, configurable: true, writable: true });
  useProjection.setState({ revision: 1, slices: SLICES });
  useDraft.setState({ draft: null });
  useNavigation.setState({ page: 'library', openVideoId: null });
});

test('a video gives its request and plan, and opens the form', () => {
  const plan: Plan = { ...ONE_RANK, ulysses: 2 };
  adoptVideo({ request: request({ prompt: 'a dog' }), plan });
  expect(useDraft.getState().draft).toEqual({ request: request({ prompt: 'a dog' }), plan, isPlanAutomatic: false });
  expect(useNavigation.getState().page).toBe('create');
});

test('a model brings its own settings and leaves prompt and seed', () => {
  changeDraft({ request: request({ prompt: 'a dog', seed: 7 }), plan: ONE_RANK, isPlanAutomatic: true });
  adoptModel({ ...MODEL, id: 'other', defaults: { ...MODEL.defaults, numInferenceSteps: 9 } });
  expect(useDraft.getState().draft?.request).toMatchObject({
    modelId: 'other',
    prompt: 'a dog',
    seed: 7,
    numInferenceSteps: 9,
  });
});

test('an image becomes the first frame of what the form holds', () => {
  changeDraft({ request: request({ prompt: 'a dog' }), plan: ONE_RANK, isPlanAutomatic: true });
  adoptImage('/dog.png');
  expect(useDraft.getState().draft?.request).toEqual(request({ prompt: 'a dog', imagePath: '/dog.png' }));
});
