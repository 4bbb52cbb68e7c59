/** The draft: what other pages put into the form. */
import { beforeEach, expect, test } from 'vitest';
import { fakeMain, gpu, MODEL, SLICES } from '../../../test/fakes/main-process';
import { request, SHAPE } from '../../../test/fakes/request';
import type { ModelEntry } from '../../shared/models';
import { ONE_RANK, recommendPlan, type Plan } from '../../shared/plan';
import type { GenerateRequest } from '../../shared/sampling';
import { copy } from '../copy';
import { chosenDevices } from './devices';
import { adoptImage, adoptModel, adoptPrompt, adoptVideo } from './adopt';
import {
  changeDraft,
  currentDraft,
  planContext,
  requestForOtherModel,
  useDraft,
  withPrompt,
  type Draft,
} from './draft';
import { useNavigation } from './navigation';
import { useProjection } from './projection';
import { useToasts } from './send';

beforeEach(() => {
  const main = fakeMain();
  Object.defineProperty(window, 'splitreel', { value: main.api, configurable: true, writable: true });
  useProjection.setState({ revision: 1, slices: SLICES });
  useDraft.setState({ draft: null });
  useToasts.setState({ toasts: [] });
  useNavigation.setState({ page: 'library', openVideoId: null });
});

const draftWith = (changes: Partial<GenerateRequest>): Draft => ({
  request: request(changes),
  plan: ONE_RANK,
  isPlanAutomatic: true,
  isSeedLocked: false,
  isPromptList: false,
});
const imageModel: ModelEntry = { ...MODEL, state: { status: 'ready', shape: { ...SHAPE, task: 'image-to-video' } } };
const toasts = () => useToasts.getState().toasts;
const requestNow = () => useDraft.getState().draft?.request;

test('a video provides its request, plan and seed, and opens the form', () => {
  const plan: Plan = { ...ONE_RANK, ulysses: 2 };
  adoptVideo({ request: request({ prompt: 'a dog' }), plan });
  expect(useDraft.getState().draft).toEqual({
    request: request({ prompt: 'a dog' }),
    plan,
    isPlanAutomatic: false,
    isSeedLocked: true,
    isPromptList: false,
  });
  expect(useNavigation.getState().page).toBe('create');
});

test('a model provides its own settings and keeps prompt and seed', () => {
  changeDraft(draftWith({ prompt: 'a dog', seed: 7 }));
  adoptModel({ ...MODEL, id: 'other', defaults: { ...MODEL.defaults, numInferenceSteps: 9 } });
  expect(requestNow()).toMatchObject({ modelId: 'other', prompt: 'a dog', seed: 7, numInferenceSteps: 9 });
});

test.each<[before: string, after: string, isKept: boolean]>([
  ['A brown dog runs.', 'A brown dog runs slowly.', true],
  ['A brown dog runs.', 'dog', true],
  ['一只狗在跑', '一只小狗', true],
  ['A brown dog runs.', 'The sea at night', false],
  ['一只狗在跑', '海', false],
  ['A brown dog runs.', '', false],
])('a rewritten prompt that is changed from %j to %j: its original is kept: %j', (before, after, isKept) => {
  const changed = withPrompt(request({ prompt: before, rewrittenFrom: 'un chien' }), after);
  expect(changed).toMatchObject({ prompt: after, rewrittenFrom: isKept ? 'un chien' : null });
});

test("an image becomes the form's first frame", () => {
  useProjection.setState({ slices: { ...SLICES, models: [imageModel] } });
  changeDraft(draftWith({ prompt: 'a dog' }));
  adoptImage('/dog.png');
  expect(requestNow()).toEqual(request({ prompt: 'a dog', imagePath: '/dog.png' }));
});

test('a model that starts from text refuses an image with a message', () => {
  changeDraft(draftWith({ prompt: 'a dog' }));
  adoptImage('/dog.png');
  expect(requestNow()?.imagePath).toBeNull();
  expect(toasts().map(({ text }) => text)).toEqual([copy.app.imageNotUsed]);
});

test('a saved draft loses its image if the model does not use one', () => {
  const draft = draftWith({ imagePath: '/dog.png' });
  expect(currentDraft(draft, [MODEL])?.draft.request.imagePath).toBeNull();
  expect(currentDraft(draft, [imageModel])?.draft.request.imagePath).toBe('/dog.png');
});

test('settings for a missing model stay unchanged', () => {
  const draft = draftWith({ modelId: '/elsewhere/CogVideoX-9b', width: 160, height: 96, numInferenceSteps: 4 });
  expect(currentDraft(draft, [MODEL])).toEqual({ draft, model: null });
  expect(requestForOtherModel(draft.request, MODEL)).toEqual({ ...draft.request, modelId: MODEL.id });
});

test('a prompt replaced by a video or an example can be restored', () => {
  changeDraft(draftWith({ prompt: 'my own' }));
  adoptVideo({ request: request({ prompt: 'of the video' }), plan: ONE_RANK });
  toasts()[0]?.action?.run();
  expect(useDraft.getState().draft).toMatchObject({ request: { prompt: 'my own' }, isPlanAutomatic: true });
  adoptPrompt('an example');
  expect(requestNow()?.prompt).toBe('an example');
  toasts()[1]?.action?.run();
  expect(requestNow()?.prompt).toBe('my own');
});

test('an example for an empty prompt replaces nothing', () => {
  changeDraft(draftWith({ prompt: ' ' }));
  adoptPrompt('an example');
  expect(toasts()).toEqual([]);
});

test('the CPU can be chosen although there are GPUs', () => {
  const machine = { ...SLICES.machine, gpus: [gpu(0)] };
  const settings = { chosenGpuUuids: null, isCpuChosen: true, cpuRanks: 2, isP2pOff: false };
  expect(chosenDevices(machine, settings)).toEqual({ kind: 'cpu', ranks: 2 });
});

test('a plan is recommended for NVLink, unless peer-to-peer is off', () => {
  const machine = { ...SLICES.machine, multiGpu: true, gpus: [0, 1, 2, 3].map(gpu) };
  const planFor = (isP2pOff: boolean): Plan =>
    recommendPlan(planContext(SHAPE, request({}), chosenDevices(machine, { ...SLICES.settings, isP2pOff }))).plan;
  expect(planFor(false)).toEqual({ ...ONE_RANK, cfg: 2, ring: 2 });
  expect(planFor(true)).toEqual({ ...ONE_RANK, cfg: 2, ulysses: 2 });
});
