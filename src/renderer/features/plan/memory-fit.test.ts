import { expect, test } from 'vitest';
import golden from '../../../../resources/golden/memory-cases.json';
import type { Gpu } from '../../../shared/machine';
import { memoryShapeSchema } from '../../../shared/memory-shape';
import { modelShapeSchema } from '../../../shared/model';
import { ONE_RANK } from '../../../shared/plan';
import { request } from '../../../../test/fakes/request';
import { memoryText, type MemoryFitInput } from './memory-fit';

const MEMORY = memoryShapeSchema.parse(golden.models['5b'].shape);
const SHAPE = modelShapeSchema.parse(golden.models['5b'].modelShape);

function input(gigabytes: readonly number[], change: Partial<MemoryFitInput> = {}): MemoryFitInput {
  const gpus = gigabytes.map(
    (size, index) => ({ index, uuid: `GPU-${String(index)}`, memoryTotalBytes: size * 1e9 }) as Gpu,
  );
  const asked = { ...request(), width: 720, height: 480, numFrames: 49, guidanceScale: 6 };
  return {
    memory: MEMORY,
    context: { shape: SHAPE, request: asked, devices: { kind: 'cuda', count: gpus.length, islandSize: 1 } },
    request: asked,
    plan: ONE_RANK,
    devices: { kind: 'cuda', gpus },
    hasOwnKernels: true,
    ...change,
  };
}

test('a GPU with enough memory shows the need of each stage and no warning', () => {
  expect(memoryText(input([80]))).toEqual({
    needs:
      'Each GPU needs 23.0\u00a0GB for the prompt, 14.3\u00a0GB for denoising and 15.0\u00a0GB for decoding. GPU 0 has 80.0\u00a0GB.',
    problem: null,
  });
});

test('the smallest GPU of the plan decides, and the text says what would fit', () => {
  expect(memoryText(input([12]))?.problem).toContain(
    'It would fit in balanced quality with CPU offload, one model at a time.',
  );
  const two = { ...ONE_RANK, cfg: 2 };
  expect(memoryText(input([80, 20], { plan: two }))?.needs).toContain('GPU 1 has 20.0\u00a0GB');
  expect(memoryText(input([80, 20]))?.problem).toBeNull();
});

test("NVLink takes more of each GPU than the computer's memory does", () => {
  const plan = { ...ONE_RANK, cfg: 2 };
  const { context } = input([80, 80]);
  const joined: MemoryFitInput['context'] = { ...context, devices: { kind: 'cuda', count: 2, islandSize: 2 } };
  expect(memoryText(input([80, 80], { plan }))?.needs).toContain('23.5\u00a0GB for the prompt');
  expect(memoryText(input([80, 80], { plan, context: joined }))?.needs).toContain('24.4\u00a0GB for the prompt');
});

test('there is no text on the CPU, or for a model without a memory shape', () => {
  expect(memoryText(input([80], { devices: { kind: 'cpu', ranks: 2 } }))).toBeNull();
  expect(memoryText(input([80], { memory: null }))).toBeNull();
  expect(memoryText(input([]))).toBeNull();
});

test("where the engine's own kernels don't run, more is needed", () => {
  const { vae } = MEMORY;
  const without = memoryText(input([80], { hasOwnKernels: false }))?.needs;
  expect(without).toContain('16.0\u00a0GB for denoising');
  const odd = { ...MEMORY, vae: { ...vae, channels: vae.channels.map((count) => count + 2) } };
  expect(memoryText(input([80], { memory: odd, hasOwnKernels: true }))?.needs).toEqual(
    memoryText(input([80], { memory: odd, hasOwnKernels: false }))?.needs,
  );
});
