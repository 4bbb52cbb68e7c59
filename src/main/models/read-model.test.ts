import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from '../adapters/node/files';
import { defaultSettings } from './defaults';
import { readModel } from './read-model';

const SHIPPED = path.resolve(import.meta.dirname, '../../../resources/demo');
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-'));
  await cp(SHIPPED, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const at = (name: string): string => path.join(folder, name);
const errorOf = async (): Promise<unknown> => {
  const read = await readModel(nodeFiles, folder);
  return read.ok ? null : { code: read.error.code, file: read.error.params['file'] ?? read.error.params['path'] };
};

test('the model that comes with the app can run', async () => {
  const read = await readModel(nodeFiles, folder);
  expect(read.ok && read.value.shape.heads).toBe(12);
  expect(read.ok && defaultSettings(read.value.shape)).toMatchObject({
    numInferenceSteps: 50,
    guidanceScale: 6,
    scheduler: 'dpm',
  });
});

const WEIGHTS = 'transformer/diffusion_pytorch_model.safetensors';

test.each<[string, () => Promise<unknown>, object]>([
  ['nothing there', () => rm(at('model_index.json')), { code: 'MODEL_MISSING' }],
  ['a config missing', () => rm(at('vae/config.json')), { code: 'MODEL_INCOMPLETE', file: 'vae/config.json' }],
  [
    'a config cut off',
    () => truncate(at('transformer/config.json'), 20),
    { code: 'MODEL_CORRUPT', file: 'transformer/config.json' },
  ],
  ['weights missing', () => rm(at(WEIGHTS)), { code: 'MODEL_INCOMPLETE', file: 'transformer/*.safetensors' }],
  ['weights cut off', () => truncate(at(WEIGHTS), 5_000), { code: 'MODEL_CORRUPT', file: WEIGHTS }],
  ['weights of zeros', () => writeFile(at(WEIGHTS), Buffer.alloc(100)), { code: 'MODEL_CORRUPT', file: WEIGHTS }],
  [
    'code of its own',
    async () => {
      const config = JSON.parse(await readFile(at('vae/config.json'), 'utf8')) as object;
      await writeFile(at('vae/config.json'), JSON.stringify({ ...config, auto_map: { AutoModel: 'evil.Model' } }));
    },
    { code: 'MODEL_UNSAFE', file: 'vae/config.json' },
  ],
  [
    'code of its own in a config that is not read otherwise',
    async () => {
      const config = JSON.parse(await readFile(at('text_encoder/config.json'), 'utf8')) as object;
      await writeFile(at('text_encoder/config.json'), JSON.stringify({ ...config, auto_map: { AutoModel: 'evil' } }));
    },
    { code: 'MODEL_UNSAFE', file: 'text_encoder/config.json' },
  ],
  [
    'a class that is not on the list',
    async () => {
      const index = JSON.parse(await readFile(at('model_index.json'), 'utf8')) as object;
      await writeFile(at('model_index.json'), JSON.stringify({ ...index, text_encoder: ['os', 'system'] }));
    },
    { code: 'MODEL_UNSUPPORTED' },
  ],
  [
    'a header that claims 2^60 bytes',
    async () => {
      const prefix = Buffer.alloc(100);
      prefix.writeBigUInt64LE(2n ** 60n);
      await writeFile(at(WEIGHTS), prefix);
    },
    { code: 'MODEL_CORRUPT', file: WEIGHTS },
  ],
  [
    'pickles only',
    async () => {
      await rm(at(WEIGHTS));
      await writeFile(at('transformer/diffusion_pytorch_model.bin'), '');
    },
    { code: 'MODEL_UNSAFE', file: 'transformer/diffusion_pytorch_model.bin' },
  ],
  [
    'a shard that its index names missing',
    async () => {
      await mkdir(at('transformer'), { recursive: true });
      const index = { weight_map: { a: 'one.safetensors' } };
      await writeFile(at('transformer/diffusion_pytorch_model.safetensors.index.json'), JSON.stringify(index));
    },
    { code: 'MODEL_INCOMPLETE', file: 'transformer/one.safetensors' },
  ],
])('%s', async (_name, damage, expected) => {
  await damage();
  expect(await errorOf()).toMatchObject(expected);
});
