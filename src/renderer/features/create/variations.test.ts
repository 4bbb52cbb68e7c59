import { expect, test } from 'vitest';
import { gpu } from '../../../../test/fakes/main-process';
import { request, SHAPE } from '../../../../test/fakes/request';
import { gpuDevice } from '../../../shared/machine';
import { ONE_RANK, type Plan } from '../../../shared/plan';
import { copy } from '../../copy';
import type { ChosenDevices } from '../../state/devices';
import { draftSteps, guidanceValues, variationsOf, type Variation, type VariationsOf } from './variations';

const GPUS = [0, 1, 2, 3].map(gpu);
const given = (changes: Partial<VariationsOf> = {}): VariationsOf => ({
  shape: SHAPE,
  request: request({ numInferenceSteps: 50, seed: 7 }),
  devices: { kind: 'cuda', gpus: GPUS } satisfies ChosenDevices,
  measurements: [],
  prompts: ['a small dog'],
  chosenPlan: null,
  rollSeed: () => 100,
  ...changes,
});
const byId = (variations: readonly Variation[]) =>
  Object.fromEntries(variations.map((variation) => [variation.id, variation]));

test('new seeds for the same prompt are one job; guidance values are one job each', () => {
  const { seeds, guidance } = byId(variationsOf(given()));
  expect(seeds?.requests).toMatchObject([{ seed: 100, videoCount: 4, prompt: 'a small dog' }]);
  expect(guidance?.requests.map(({ guidanceScale, seed }) => [guidanceScale, seed])).toEqual([
    [4, 7],
    [6, 7],
    [8, 7],
  ]);
  expect(guidanceValues(2)).toEqual([1, 2, 4]);
});

test('several devices make one draft each or one video together, with measured times', () => {
  const measurement = (plan: Plan, ranks: number, secondsPerStep: number) => ({
    ...request(),
    guided: true,
    plan,
    devices: GPUS.slice(0, ranks).map(gpuDevice),
    secondsPerStep,
    tailMs: 2_000,
  });
  const together = { ...ONE_RANK, cfg: 2, ring: 2 };
  const measurements = [measurement({ ...ONE_RANK, dp: 4 }, 4, 4), measurement(together, 4, 1)];
  const found = byId(variationsOf(given({ measurements })));
  expect(found['drafts']).toMatchObject({
    label: copy.variations.drafts({ count: 4, kind: 'cuda' }),
    plan: { ...ONE_RANK, dp: 4 },
    requests: [{ videoCount: 4, numInferenceSteps: 20 }],
    timeMs: 82_000,
  });
  expect(found['together']).toMatchObject({ requests: [{ videoCount: 1, numInferenceSteps: 50 }], timeMs: 52_000 });
  expect(byId(variationsOf(given()))['drafts']?.timeMs).toBeNull();
});

test('one device offers no parallel variations', () => {
  expect(variationsOf(given({ devices: { kind: 'cpu', ranks: 1 } })).map(({ id }) => id)).toEqual([
    'seeds',
    'guidance',
  ]);
});

test('each prompt of a list is varied, unless that gives too many jobs', () => {
  const prompts = Array.from({ length: 40 }, (_, index) => `prompt ${index}`);
  const { seeds, guidance } = byId(variationsOf(given({ prompts })));
  expect(seeds?.requests).toHaveLength(40);
  expect(guidance).toBeUndefined();
});

test('a draft has fewer steps, but enough to judge it by', () => {
  expect([50, 25, 12, 6].map(draftSteps)).toEqual([20, 10, 10, 6]);
});
