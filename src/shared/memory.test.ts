import { describe, expect, it } from 'vitest';
import golden from '../../resources/golden/memory-cases.json';
import { keepsTextEncoder, memoryNeeds, type MemoryJob } from './memory';
import { fits, smallestChange } from './memory-advice';
import { memoryShapeFromConfigs, type MemoryShape } from './memory-shape';
import { shapeFromConfigs, type ModelShape } from './model';
import { OFFLOADS } from './sampling';

const models = new Map(Object.entries(golden.models));

function known(name: string): { readonly memory: MemoryShape; readonly shape: ModelShape } {
  const configs = models.get(name)?.configs;
  if (configs === undefined) throw new Error(`no model ${name}`);
  const memory = memoryShapeFromConfigs(configs);
  const shape = shapeFromConfigs(configs);
  if (memory === null || !shape.ok) throw new Error(`no shape of ${name}`);
  return { memory, shape: shape.value };
}

function jobOf(raw: { readonly offload: string } & Omit<MemoryJob, 'offload'>): MemoryJob {
  const offload = OFFLOADS.find((name) => name === raw.offload);
  if (offload === undefined) throw new Error(raw.offload);
  return { ...raw, offload };
}

describe('memory, as Python has it', () => {
  it.each([...models])('reads the shape of %s from its configs', (_, { configs, shape }) => {
    expect(memoryShapeFromConfigs(configs)).toEqual(shape);
  });

  it.each(golden.needs.map((entry) => [entry.name, entry] as const))('needs: %s', (_, entry) => {
    const { memory } = known(entry.model);
    const job = jobOf(entry.job);
    expect(memoryNeeds(memory, job, entry.plan, entry)).toEqual(entry.needs);
    expect(keepsTextEncoder(memory, job, entry.plan, 24e9)).toBe(entry.keepsAt24GB);
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
