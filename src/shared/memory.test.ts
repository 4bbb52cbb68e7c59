import { describe, expect, it } from 'vitest';
import golden from '../../resources/golden/memory-cases.json';
import { canFuse, keepsTextEncoder, memoryNeeds, type MemoryJob } from './memory';
import { fits, smallestChange } from './memory-advice';
import { memoryShapeSchema, type MemoryShape } from './memory-shape';
import { modelShapeSchema, type ModelShape } from './model';
import { OFFLOADS } from './sampling';

const models = new Map(Object.entries(golden.models));

function known(name: string): { readonly memory: MemoryShape; readonly shape: ModelShape } {
  const model = models.get(name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return { memory: memoryShapeSchema.parse(model.shape), shape: modelShapeSchema.parse(model.modelShape) };
}

function jobOf(raw: { readonly offload: string } & Omit<MemoryJob, 'offload'>): MemoryJob {
  const offload = OFFLOADS.find((name) => name === raw.offload);
  if (offload === undefined) throw new Error(raw.offload);
  return { ...raw, offload };
}

describe('memory, as Python has it', () => {
  it.each(golden.needs.map((entry) => [entry.name, entry] as const))('needs: %s', (_, entry) => {
    const { memory } = known(entry.model);
    const job = jobOf(entry.job);
    expect(memoryNeeds(memory, job, entry.plan, entry)).toEqual(entry.needs);
    expect(keepsTextEncoder(memory, job, entry.plan, 24e9)).toBe(entry.keepsAt24GB);
  });

  it.each(golden.fuses.map((entry) => [entry.name, entry] as const))('own kernels: %s', (_, { channels, fuses }) => {
    expect(canFuse({ ...known('5b').memory.vae, channels })).toBe(fuses);
  });

  it.each(golden.advice.map((entry) => [entry.name, entry] as const))('advice: %s', (_, entry) => {
    const { memory, shape } = known(entry.model);
    const job = jobOf(entry.job);
    const request = { guidanceScale: job.isGuided ? 6 : 1, videoCount: 1, offload: job.offload };
    const context = { shape, request, devices: { kind: 'cuda' as const, count: entry.devices, islandSize: 1 } };
    const question = { shape: memory, context, job, plan: entry.plan, deviceBytes: entry.deviceBytes };
    expect(fits(question)).toBe(entry.fits);
    expect(smallestChange(question)).toEqual(entry.change);
  });
});
