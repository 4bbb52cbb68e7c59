/** The window finds the step time that main stores, for any number of GPUs. */
import { expect, test } from 'vitest';
import { addMeasurement, measure, measurementsFileSchema, NO_MEASUREMENTS } from '../../src/main/jobs/measurements';
import { validateJob } from '../../src/main/jobs/validate';
import { measuredSteps } from '../../src/renderer/state/draft';
import { chosenDevices, jobDevices } from '../../src/renderer/state/devices';
import { cpuDevices } from '../../src/shared/device';
import { ONE_RANK, planKey, worldSize, type Plan } from '../../src/shared/plan';
import { DEFAULT_SETTINGS } from '../../src/shared/settings';
import { request } from '../fakes/request';
import { gpu, MODEL, SLICES } from '../fakes/main-process';

const REPORT = { totalMs: 1, msPerStep: 2_500, weightBytesRead: 0, stages: [], ranks: [], notices: [] };

const machineOf = (...names: readonly string[]) => ({
  ...SLICES.machine,
  gpus: names.map((name, index) => ({ ...gpu(index), name })),
});

const asked = request({ guidanceScale: 6 });

/** The measurement that the window finds on `later` for a job that ran on `machine`. */
function found(machine: ReturnType<typeof machineOf>, plan: Plan, later = machine): ReadonlyMap<string, number> {
  const sent = [...jobDevices(chosenDevices(machine, DEFAULT_SETTINGS), worldSize(plan))];
  const valid = validateJob({ request: asked, plan, devices: sent }, { models: [MODEL], machine });
  if (!valid.ok) throw new Error(valid.error.code);
  const job = {
    id: 'a',
    createdAtMs: 0,
    request: asked,
    plan,
    devices: [...valid.value.devices],
    state: { status: 'queued' as const },
  };
  const file = addMeasurement(NO_MEASUREMENTS, measure(job, REPORT));
  return measuredSteps(file.measurements, asked, chosenDevices(later, DEFAULT_SETTINGS));
}

const SAVED_BEFORE_QUALITY = {
  modelId: 'demo',
  width: 720,
  height: 480,
  numFrames: 49,
  guided: true,
  secondsPerStep: 1,
  tailMs: null,
};

const H100 = 'NVIDIA H100';

test.each([
  ['one GPU', machineOf(H100), ONE_RANK],
  ['two equal GPUs', machineOf(H100, H100), { ...ONE_RANK, cfg: 2 }],
  ['four equal GPUs', machineOf(H100, H100, H100, H100), { ...ONE_RANK, cfg: 2, ring: 2 }],
  ['a mixed pair', machineOf(H100, 'NVIDIA L4'), { ...ONE_RANK, cfg: 2 }],
  ['two of four equal GPUs', machineOf(H100, H100, H100, H100), { ...ONE_RANK, ulysses: 2 }],
  ['no GPU', machineOf(), ONE_RANK],
])('a step measured on %s is found again', (_, machine, plan) => {
  expect([...found(machine, plan)]).toEqual([[planKey(plan), 2.5]]);
});

test('a step measured on other GPUs is not used', () => {
  const plan = { ...ONE_RANK, cfg: 2 };
  expect([...found(machineOf(H100, H100), plan, machineOf(H100, 'NVIDIA L4'))]).toEqual([]);
  expect([...found(machineOf(H100, H100), plan, machineOf(H100))]).toEqual([]);
});

test('a second measurement on the same hardware replaces the first', () => {
  const [one, two] = [1, 2].map((secondsPerStep) => ({
    modelId: 'demo',
    width: 720,
    height: 480,
    numFrames: 49,
    guided: true,
    quality: 'exact' as const,
    offload: 'none' as const,
    plan: ONE_RANK,
    devices: [{ kind: 'cuda' as const, index: secondsPerStep, uuid: `GPU-${String(secondsPerStep)}`, name: H100 }],
    secondsPerStep,
    tailMs: null,
  }));
  if (one === undefined || two === undefined) throw new Error('no measurements');
  expect(addMeasurement(addMeasurement(NO_MEASUREMENTS, one), two).measurements).toEqual([two]);
});

test('a measurement with another quality or offload mode is kept separately', () => {
  const first = measurementsFileSchema.parse({
    version: 1,
    measurements: [{ ...SAVED_BEFORE_QUALITY, plan: ONE_RANK, devices: [...cpuDevices(1)] }],
  });
  const [saved] = first.measurements;
  if (saved === undefined) throw new Error('no measurement');
  expect(saved).toMatchObject({ quality: 'exact', offload: 'none' });
  const others = [{ quality: 'fast' as const }, { offload: 'model' as const }].map((change) => ({
    ...saved,
    ...change,
  }));
  expect(others.reduce(addMeasurement, first).measurements).toEqual([saved, ...others]);
});
