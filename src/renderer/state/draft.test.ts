/** The draft: what other pages hand to the form, and which measurements belong to it. */
import { beforeEach, expect, test } from 'vitest';
import { fakeMain, gpu, MODEL, SLICES } from '../../../test/fakes/main-process';
import { request } from '../../../test/fakes/app';
import { deviceNames } from '../../main/jobs/validate';
import { ONE_RANK, planKey, worldSize, type Plan } from '../../shared/plan';
import { chosenDevices, jobDevices } from './devices';
import { adoptImage, adoptModel, adoptVideo, changeDraft, measuredSteps, useDraft } from './draft';
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

const h100 = (index: number) => ({ ...gpu(index), name: 'NVIDIA H100' });
test.each([
  ['no GPU', []],
  ['one GPU', [h100(0)]],
  ['two equal GPUs', [h100(0), h100(1)]],
  ['four equal GPUs', [0, 1, 2, 3].map(h100)],
  ['a mixed pair', [gpu(0), h100(1)]],
])('a measurement that main stored for %s is found again', (_name, gpus) => {
  const machine = { ...SLICES.machine, gpus };
  const devices = chosenDevices(machine, { chosenGpuUuids: null, cpuRanks: 1 });
  const plan: Plan = { ...ONE_RANK, ulysses: Math.max(gpus.length, 1) };
  const asked = request({});
  const measurement = {
    ...asked,
    guided: asked.guidanceScale > 1,
    plan,
    devices: deviceNames(jobDevices(devices, worldSize(plan)), machine),
    secondsPerStep: 0.5,
  };
  expect(measuredSteps([measurement], asked, devices)).toEqual(new Map([[planKey(plan), 0.5]]));
  const elsewhere = { ...measurement, devices: 'NVIDIA T4' };
  expect(measuredSteps([elsewhere], asked, devices)).toEqual(new Map());
});
