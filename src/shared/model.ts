/**
 * A model's shape, from its own configs. Nothing about a model is a constant in the code: only Python reads heads,
 * blocks, patch sizes, compression and text length from the folder (python/splitreel/rules/model_shape.py).
 */
import { z } from 'zod';

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
  /** Pixels per latent, in each direction: 2 to the power of the VAE's down-samplings. */
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
