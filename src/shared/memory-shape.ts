/**
 * The memory that a model takes, from its configs: exact counts of weights in the layers that diffusers and transformers
 * build from them. Only Python reads a folder (python/splitreel/rules/memory_shape.py).
 */
import { z } from 'zod';

const whole = z.number().int().nonnegative();

/** Numbers, not bytes. `blocks` of `block` each, of which tensor parallelism shares `sharedOfBlock`. */
const partWeightsSchema = z.object({ outside: whole, blocks: whole, block: whole, sharedOfBlock: whole });
export type PartWeights = z.infer<typeof partWeightsSchema>;

const vaeShapeSchema = z.object({
  weights: whole,
  /** Of the encoder's levels, from pixels to latents. */
  channels: z.array(whole).min(1),
  layersPerBlock: whole,
  latentChannels: whole,
  temporalCompression: whole,
  /** In latents. */
  tileHeight: whole,
  tileWidth: whole,
});
export type VaeShape = z.infer<typeof vaeShapeSchema>;

/** All that the memory planner knows about a model. */
export const memoryShapeSchema = z.object({
  textEncoder: partWeightsSchema,
  transformer: partWeightsSchema,
  vae: vaeShapeSchema,
  heads: whole,
  /** Heads times the width of one. */
  hidden: whole,
  inChannels: whole,
  patchSize: whole,
  patchSizeTemporal: whole,
  isRotary: z.boolean(),
  textTokens: whole,
  textWidth: whole,
});
export type MemoryShape = z.infer<typeof memoryShapeSchema>;
