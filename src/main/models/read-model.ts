/** Whether a folder is a model that can run: its configs, its weights, nothing that could run code. Reads no weights. */
import path from 'node:path';
import { appError, type AppError } from '../../shared/errors';
import { memoryShapeFromConfigs, type MemoryShape } from '../../shared/memory-shape';
import { shapeFromConfigs, type ModelShape } from '../../shared/model';
import { err, ok, type Result } from '../../shared/result';
import type { Files } from '../ports/files';

export interface ReadModel {
  readonly shape: ModelShape;
  /** Null where the configs do not tell. */
  readonly memory: MemoryShape | null;
  readonly sizeBytes: number;
}

const CONFIGS = {
  modelIndex: 'model_index.json',
  transformer: 'transformer/config.json',
  vae: 'vae/config.json',
  scheduler: 'scheduler/scheduler_config.json',
} as const;

const WEIGHT_FOLDERS = ['transformer', 'vae', 'text_encoder'] as const;
/** Formats that can carry code. */
const UNSAFE = /\.(bin|pt|pth|ckpt|pkl|pickle|py)$/i;
/** A safetensors header of the largest models is a few hundred kilobytes. */
const MAX_HEADER_BYTES = 100 * 1_048_576;

export async function readModel(files: Files, folder: string): Promise<Result<ReadModel, AppError>> {
  if ((await files.stat(path.join(folder, CONFIGS.modelIndex))) === null)
    return err(appError('MODEL_MISSING', { path: folder }));
  const unsafe = await findUnsafe(files, folder);
  if (unsafe !== null) return err(unsafe);
  const raw: Record<string, unknown> = {};
  for (const [name, file] of Object.entries(CONFIGS)) {
    const config = await readJson(files, folder, file);
    if (!config.ok) return config;
    raw[name] = config.value;
  }
  const shape = shapeFromConfigs({
    modelIndex: raw['modelIndex'],
    transformer: raw['transformer'],
    vae: raw['vae'],
    scheduler: raw['scheduler'],
  });
  if (!shape.ok) return shape;
  const foreign = foreignClass(raw['modelIndex']) ?? (await codeInConfigs(files, folder));
  if (foreign !== null) return err(foreign);
  let sizeBytes = 0;
  for (const part of WEIGHT_FOLDERS) {
    const size = await checkWeights(files, folder, part);
    if (!size.ok) return size;
    sizeBytes += size.value;
  }
  const tokenizer = await files.list(path.join(folder, 'tokenizer'));
  if (!tokenizer.some((name) => name === 'tokenizer.json' || name === 'spiece.model'))
    return err(appError('MODEL_INCOMPLETE', { file: 'tokenizer/tokenizer.json', problem: 'it is not there' }));
  const { modelIndex, transformer, vae, scheduler } = raw;
  const textEncoder = await readJson(files, folder, 'text_encoder/config.json');
  const memory = textEncoder.ok
    ? memoryShapeFromConfigs({ modelIndex, transformer, vae, scheduler, textEncoder: textEncoder.value })
    : null;
  return ok({ shape: shape.value, memory, sizeBytes });
}

/** A class is a name of code to run: what each part may be is written down here and in python/splitreel/store/model_folder.py. */
const CLASSES: Readonly<Record<string, readonly string[]>> = {
  transformer: ['CogVideoXTransformer3DModel'],
  vae: ['AutoencoderKLCogVideoX'],
  text_encoder: ['T5EncoderModel'],
  tokenizer: ['T5Tokenizer', 'T5TokenizerFast'],
  scheduler: ['CogVideoXDDIMScheduler', 'CogVideoXDPMScheduler'],
};

function foreignClass(modelIndex: unknown): AppError | null {
  const index = new Map(typeof modelIndex === 'object' && modelIndex !== null ? Object.entries(modelIndex) : []);
  for (const [part, allowed] of Object.entries(CLASSES)) {
    const entry: unknown = index.get(part);
    const [library, name] = Array.isArray(entry) ? entry.map(String) : [];
    const isOurs = (library === 'diffusers' || library === 'transformers') && allowed.includes(name ?? '');
    if (!isOurs)
      return appError('MODEL_UNSUPPORTED', { what: `${part}: ${library ?? ''}.${name ?? ''}`.slice(0, 120) });
  }
  return null;
}

/** `auto_map` in any config, also in those that are not read for the model's shape. */
async function codeInConfigs(files: Files, folder: string): Promise<AppError | null> {
  for (const part of Object.keys(CLASSES))
    for (const name of await files.list(path.join(folder, part))) {
      // A tokenizer's table may be large, and names no code.
      if (!name.endsWith('.json') || name === 'tokenizer.json' || name.endsWith('.index.json')) continue;
      const config = await readJson(files, folder, `${part}/${name}`);
      if (!config.ok) return config.error;
    }
  return null;
}

async function findUnsafe(files: Files, folder: string): Promise<AppError | null> {
  for (const part of ['', ...WEIGHT_FOLDERS, 'tokenizer', 'scheduler']) {
    const names = await files.list(path.join(folder, part));
    const unsafe = names.find((name) => UNSAFE.test(name));
    // Beside safetensors an old format does no harm: it is never read.
    if (unsafe === undefined || names.some((name) => name.endsWith('.safetensors'))) continue;
    const problem = 'it can carry code';
    return appError('MODEL_UNSAFE', { file: path.posix.join(part, unsafe), problem });
  }
  return null;
}

async function readJson(files: Files, folder: string, file: string): Promise<Result<unknown, AppError>> {
  const target = path.join(folder, file);
  if ((await files.stat(target))?.kind !== 'file')
    return err(appError('MODEL_INCOMPLETE', { file, problem: 'it is not there' }));
  try {
    const value: unknown = JSON.parse(await files.readText(target));
    if (typeof value === 'object' && value !== null && 'auto_map' in value)
      return err(appError('MODEL_UNSAFE', { file, problem: 'it asks to run code of its own' }));
    return ok(value);
  } catch (error) {
    const problem = error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be opened';
    return err(appError('MODEL_CORRUPT', { file, problem }));
  }
}

/** The bytes of one part's weights: every file that its index names, each with a header that fits its length. */
async function checkWeights(files: Files, folder: string, part: string): Promise<Result<number, AppError>> {
  const names = await files.list(path.join(folder, part));
  const index = names.find((name) => name.endsWith('.safetensors.index.json'));
  let shards = names.filter((name) => name.endsWith('.safetensors'));
  if (index !== undefined) {
    const read = await readJson(files, folder, `${part}/${index}`);
    if (!read.ok) return read;
    shards = shardsOf(read.value);
  }
  if (shards.length === 0)
    return err(appError('MODEL_INCOMPLETE', { file: `${part}/*.safetensors`, problem: 'there are no weights' }));
  let total = 0;
  for (const shard of shards) {
    const file = `${part}/${shard}`;
    const info = await files.stat(path.join(folder, file));
    if (info?.kind !== 'file') return err(appError('MODEL_INCOMPLETE', { file, problem: 'it is not there' }));
    const problem = await headerProblem(files, path.join(folder, file), info.sizeBytes);
    if (problem !== null) return err(appError('MODEL_CORRUPT', { file, problem }));
    total += info.sizeBytes;
  }
  return ok(total);
}

function shardsOf(index: unknown): string[] {
  const map = typeof index === 'object' && index !== null && 'weight_map' in index ? index.weight_map : null;
  const names = typeof map === 'object' && map !== null ? Object.values(map) : [];
  // A name with a folder in it could lead anywhere.
  return [...new Set(names.filter((name) => typeof name === 'string'))].filter((name) => name === path.basename(name));
}

/** safetensors: eight bytes of length, a JSON header, then exactly the bytes that the header promises. */
async function headerProblem(files: Files, file: string, sizeBytes: number): Promise<string | null> {
  const prefix = await files.readRange(file, 0, 8);
  if (prefix.byteLength < 8) return 'it is empty';
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || length + 8 > sizeBytes) return 'its header is damaged';
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(await files.readRange(file, 8, length)).toString('utf8'));
  } catch {
    return 'its header is damaged';
  }
  const promised = 8 + length + lastOffset(header);
  return promised === sizeBytes ? null : `it has ${String(sizeBytes)} bytes of ${String(promised)}`;
}

function lastOffset(header: unknown): number {
  const tensors = typeof header === 'object' && header !== null ? Object.values(header) : [];
  return tensors.reduce((last: number, tensor: unknown) => {
    if (typeof tensor !== 'object' || tensor === null || !('data_offsets' in tensor)) return last;
    const end = Array.isArray(tensor.data_offsets) ? Number(tensor.data_offsets[1]) : 0;
    return Math.max(last, end);
  }, 0);
}
