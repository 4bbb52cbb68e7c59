/**
 * What a model's configs say about the memory it takes: counts of weights, exact, by the layers that diffusers and
 * transformers build from them. Pure; Python has the same rules (python/splitreel/rules/memory_shape.py) and both run
 * resources/golden/memory-cases.json.
 */
import { z } from 'zod';
import { shapeFromConfigs } from './model';

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

/** All that the memory planner knows of a model. */
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

const transformerSchema = z.object({
  num_attention_heads: whole,
  num_layers: whole,
  attention_head_dim: whole.default(64),
  time_embed_dim: whole.default(512),
  text_embed_dim: whole.default(4096),
  in_channels: whole.nullish().transform((value) => value ?? 16),
  out_channels: whole.nullish().transform((value) => value ?? 16),
  patch_size: whole,
  patch_size_t: whole.nullish().transform((value) => value ?? 0),
  patch_bias: z.boolean().default(true),
  ofs_embed_dim: whole.nullish().transform((value) => value ?? 0),
  use_rotary_positional_embeddings: z.boolean().default(false),
  use_learned_positional_embeddings: z.boolean().default(false),
  sample_width: whole,
  sample_height: whole,
  sample_frames: whole,
  max_text_seq_length: whole,
});

const vaeSchema = z.object({
  block_out_channels: z.array(whole).min(1),
  layers_per_block: whole.default(3),
  latent_channels: whole,
  temporal_compression_ratio: whole,
  sample_height: whole,
  sample_width: whole,
});

const textEncoderSchema = z.object({
  d_model: whole,
  d_ff: whole,
  d_kv: whole,
  num_heads: whole,
  num_layers: whole,
  vocab_size: whole,
  /** T5Config's own default where a folder does not name it. */
  relative_attention_num_buckets: whole.default(32),
  feed_forward_proj: z.string().default(''),
  is_gated_act: z.boolean().default(false),
});

/** Null where a config lacks a number: then nothing is said about memory. */
export function memoryShapeFromConfigs(raw: {
  readonly modelIndex: unknown;
  readonly transformer: unknown;
  readonly vae: unknown;
  readonly scheduler: unknown;
  readonly textEncoder: unknown;
}): MemoryShape | null {
  const shape = shapeFromConfigs(raw);
  const transformer = transformerSchema.safeParse(raw.transformer);
  const vae = vaeSchema.safeParse(raw.vae);
  const text = textEncoderSchema.safeParse(raw.textEncoder);
  if (!shape.ok || !transformer.success || !vae.success || !text.success) return null;
  return {
    textEncoder: t5Weights(text.data),
    transformer: transformerWeights(transformer.data, vae.data.temporal_compression_ratio),
    vae: vaeShape(vae.data),
    heads: shape.value.heads,
    hidden: shape.value.heads * transformer.data.attention_head_dim,
    inChannels: transformer.data.in_channels,
    patchSize: shape.value.patchSize,
    patchSizeTemporal: shape.value.patchSizeTemporal,
    isRotary: transformer.data.use_rotary_positional_embeddings,
    textTokens: shape.value.maxTextTokens,
    textWidth: text.data.d_model,
  };
}

function t5Weights(config: z.infer<typeof textEncoderSchema>): PartWeights {
  const { d_model: width, d_ff: feed, num_heads: heads } = config;
  const inner = config.d_kv * heads;
  const isGated = config.feed_forward_proj.includes('gated') || config.is_gated_act;
  const sharedOfBlock = 4 * width * inner + (isGated ? 3 : 2) * width * feed;
  const outside = config.vocab_size * width + config.relative_attention_num_buckets * heads + width;
  return { outside, blocks: config.num_layers, block: sharedOfBlock + 2 * width, sharedOfBlock };
}

function transformerWeights(config: z.infer<typeof transformerSchema>, temporalCompression: number): PartWeights {
  const head = config.attention_head_dim;
  const hidden = config.num_attention_heads * head;
  const { time_embed_dim: time, text_embed_dim: text, patch_size: patch, patch_size_t: patchTime } = config;
  const offset = config.ofs_embed_dim;
  const values = patch * patch * Math.max(patchTime, 1);
  let outside = text * hidden + hidden + config.in_channels * values * hidden;
  if (patchTime > 0 || config.patch_bias) outside += hidden;
  outside += hidden * time + time + time * time + time;
  outside += 2 * (offset * offset + offset);
  outside += 2 * hidden;
  outside += time * 2 * hidden + 2 * hidden + 2 * hidden;
  outside += hidden * values * config.out_channels + values * config.out_channels;
  if (config.use_learned_positional_embeddings || !config.use_rotary_positional_embeddings) {
    const rows = Math.floor(config.sample_height / patch);
    const columns = Math.floor(config.sample_width / patch);
    const frames = Math.floor((config.sample_frames - 1) / temporalCompression) + 1;
    outside += (config.max_text_seq_length + frames * rows * columns) * hidden;
  }
  // to_q, to_k, to_v with their biases and to_out; the two layers of the feed-forward; what modulates the two norms.
  const sharedOfBlock =
    4 * hidden * hidden + 3 * hidden + 8 * hidden * hidden + 4 * hidden + 12 * hidden * time + 12 * hidden;
  // The norms themselves, those of q and k, and the biases that are added once.
  const kept = 4 * hidden + 4 * head + 2 * hidden;
  return { outside, blocks: config.num_layers, block: sharedOfBlock + kept, sharedOfBlock };
}

function vaeShape(config: z.infer<typeof vaeSchema>): VaeShape {
  const { block_out_channels: channels, layers_per_block: layers, latent_channels: latent } = config;
  const scale = 2 ** (channels.length - 1);
  const tile = (side: number, parts: number): number =>
    Math.ceil(Math.floor(Math.floor(side / 2) / scale) / parts) * parts;
  return {
    weights: encoderWeights(channels, layers, latent) + decoderWeights(channels, layers, latent),
    channels,
    layersPerBlock: layers,
    latentChannels: latent,
    temporalCompression: config.temporal_compression_ratio,
    // As the engine's tiles: the overlaps of 1/6 and 1/5 must be whole.
    tileHeight: tile(config.sample_height, 6),
    tileWidth: tile(config.sample_width, 5),
  };
}

const conv = (inputs: number, outputs: number, taps = 27): number => taps * inputs * outputs + outputs;

/** `latent`: channels that a spatial norm looks at; 0 for plain norms. */
function resnet(inputs: number, outputs: number, latent: number): number {
  const spatial = latent > 0 ? 2 * conv(latent, inputs, 1) + 2 * conv(latent, outputs, 1) : 0;
  const shortcut = inputs === outputs ? 0 : conv(inputs, outputs, 1);
  return 2 * (inputs + outputs) + spatial + conv(inputs, outputs) + conv(outputs, outputs) + shortcut;
}

function encoderWeights(channels: readonly number[], layers: number, latent: number): number {
  const first = channels[0] ?? 0;
  const last = channels.at(-1) ?? 0;
  let total = conv(3, first);
  let before = first;
  for (const [level, width] of channels.entries()) {
    total += resnet(before, width, 0) + (layers - 1) * resnet(width, width, 0);
    if (level < channels.length - 1) total += conv(width, width, 9);
    before = width;
  }
  return total + 2 * resnet(last, last, 0) + 2 * last + conv(last, 2 * latent);
}

function decoderWeights(channels: readonly number[], layers: number, latent: number): number {
  const first = channels[0] ?? 0;
  const last = channels.at(-1) ?? 0;
  let total = conv(latent, last) + 2 * resnet(last, last, latent);
  let before = last;
  for (const [level, width] of [...channels].reverse().entries()) {
    total += resnet(before, width, latent) + layers * resnet(width, width, latent);
    if (level < channels.length - 1) total += conv(width, width, 9);
    before = width;
  }
  return total + 2 * first + 2 * conv(latent, first, 1) + conv(first, 3);
}
