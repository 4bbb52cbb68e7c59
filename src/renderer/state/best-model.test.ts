import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { gpu, MODEL } from '../../../test/fakes/main-process';
import { catalogSchema } from '../../shared/catalog';
import type { ModelEntry } from '../../shared/models';
import { bestModel } from './best-model';

const file = path.resolve(import.meta.dirname, '../../../resources/catalog.json');
const catalog = catalogSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const MODELS: readonly ModelEntry[] = [
  MODEL,
  ...catalog.models.map((offer) => ({ ...MODEL, id: offer.id, offer, state: { status: 'absent' as const } })),
];
const gpus = (...gigabytes: readonly number[]) =>
  gigabytes.map((size, index) => ({ ...gpu(index), memoryTotalBytes: size * 1e9 }));

test.each([
  [[], null],
  [[2], null],
  [[8], 'cogvideox-2b'],
  [[12.8], 'cogvideox-2b'],
  [[17], 'cogvideox-5b'],
  [[25.7], 'cogvideox-1.5-5b'],
  [[85, 85, 85, 85], 'cogvideox-1.5-5b'],
  // The smallest GPU decides, because each GPU holds all the weights.
  [[85, 17], 'cogvideox-5b'],
])('GPUs of %s GB are offered %s', (sizes, id) => {
  expect(bestModel(MODELS, gpus(...sizes), [])?.id ?? null).toBe(id);
});

test('nothing is offered if a model is installed or being downloaded', () => {
  expect(bestModel(MODELS, gpus(85), ['cogvideox-2b'])).toBeNull();
  const here = MODELS.map((model) => (model.id === 'cogvideox-5b' ? { ...model, state: MODEL.state } : model));
  expect(bestModel(here, gpus(85), [])).toBeNull();
});
