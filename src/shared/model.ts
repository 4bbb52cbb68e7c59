/**
 * What a model's own configs say about its shape. Nothing about a model is a constant in the code: heads, blocks,
 * patch sizes, compression and text length are read from the folder. Python reads the same files by the same rules
 * (python/splitreel/rules/model_shape.py); resources/golden/model-shapes.json holds both to it.
 */
import { z } from 'zod';
import { appError, type AppError } from './errors';
import { err, ok, type Result } from './result';

export const taskSchema = z.enum(['text-to-video', 'image-to-video']);

export const modelShapeSchema = z.object({
  task: taskSchema,
  /** Attention heads of the transformer (`num_attention_heads`). */
  heads: z.number().int().positive(),
  /** Transformer blocks (`num_layers`). */
  blocks: z.number().int().positive(),
  patchSize: z.number().int().positive(),
  /** 1 for models without temporal patches. */
  patchSizeTemporal: z.number().int().positive(),
  /** Pixels per latent, each way: 2 to the power of the VAE's down-samplings. */
  spatialCompression: z.number().int().positive(),
  temporalCompression: z.number().int().positive(),
  latentChannels: z.number().int().positive(),
  maxTextTokens: z.number().int().positive(),
  positions: z.enum(['sincos', 'rope', 'learned']),
  /** The size and length that the model was trained at, in pixels and frames. */
  sampleWidth: z.number().int().positive(),
  sampleHeight: z.number().int().positive(),
  sampleFrames: z.number().int().positive(),
  /** `_class_name` of the scheduler that the folder ships. */
  scheduler: z.string(),
});
export type ModelShape = z.infer<typeof modelShapeSchema>;

/** The fields that are read; diffusers writes many more. */
export const modelConfigsSchema = z.object({
  modelIndex: z.object({ _class_name: z.string() }),
  transformer: z.object({
    _class_name: z.literal('CogVideoXTransformer3DModel'),
    num_attention_heads: z.number().int().positive(),
    num_layers: z.number().int().positive(),
    patch_size: z.number().int().positive(),
    patch_size_t: z.number().int().positive().nullish(),
    max_text_seq_length: z.number().int().positive(),
    use_rotary_positional_embeddings: z.boolean(),
    use_learned_positional_embeddings: z.boolean().optional(),
    sample_width: z.number().int().positive(),
    sample_height: z.number().int().positive(),
    sample_frames: z.number().int().positive(),
  }),
  vae: z.object({
    _class_name: z.literal('AutoencoderKLCogVideoX'),
    block_out_channels: z.array(z.number().int().positive()).min(1),
    temporal_compression_ratio: z.number().positive(),
    latent_channels: z.number().int().positive(),
  }),
  scheduler: z.object({ _class_name: z.string() }),
});

const TASKS: Readonly<Record<string, ModelShape['task']>> = {
  CogVideoXPipeline: 'text-to-video',
  CogVideoXImageToVideoPipeline: 'image-to-video',
};

/** The four configs of a model folder, as parsed JSON, to its shape. */
export function shapeFromConfigs(raw: {
  readonly modelIndex: unknown;
  readonly transformer: unknown;
  readonly vae: unknown;
  readonly scheduler: unknown;
}): Result<ModelShape, AppError> {
  const parsed = modelConfigsSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const [part = 'modelIndex', ...field] = (issue?.path ?? []).map(String);
    const file = part === 'modelIndex' ? 'model_index.json' : `${part}/config.json`;
    return err(
      appError('MODEL_CORRUPT', {
        file,
        problem: `${field.join('.')}: ${issue?.message ?? 'unreadable'}`,
      }),
    );
  }
  const { modelIndex, transformer, vae, scheduler } = parsed.data;
  const task = TASKS[modelIndex._class_name];
  if (task === undefined) return err(appError('MODEL_UNSUPPORTED', { what: modelIndex._class_name }));
  const spatialCompression = 2 ** (vae.block_out_channels.length - 1);
  return ok({
    task,
    heads: transformer.num_attention_heads,
    blocks: transformer.num_layers,
    patchSize: transformer.patch_size,
    patchSizeTemporal: transformer.patch_size_t ?? 1,
    spatialCompression,
    temporalCompression: vae.temporal_compression_ratio,
    latentChannels: vae.latent_channels,
    maxTextTokens: transformer.max_text_seq_length,
    positions: positionsOf(transformer),
    sampleWidth: transformer.sample_width * spatialCompression,
    sampleHeight: transformer.sample_height * spatialCompression,
    sampleFrames: transformer.sample_frames,
    scheduler: scheduler._class_name,
  });
}

function positionsOf(transformer: z.infer<typeof modelConfigsSchema>['transformer']): ModelShape['positions'] {
  // 5B-I2V sets both flags: its learned table is added before rotation, and it is what fixes the size.
  if (transformer.use_learned_positional_embeddings === true) return 'learned';
  return transformer.use_rotary_positional_embeddings ? 'rope' : 'sincos';
}
