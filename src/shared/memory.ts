/**
 * How much memory each rank needs in each stage. Pure; Python has the same rules (python/splitreel/rules/memory.py),
 * where the formulas are explained and tested against counted tensors; both run resources/golden/memory-cases.json.
 */
import type { MemoryShape, PartWeights, VaeShape } from './memory-shape';
import { worldSize, type Plan } from './plan';
import type { SamplingParams } from './sampling';

/** What a process takes on a GPU besides torch's tensors: CUDA's context with its kernels, cuBLAS's workspace. */
const OVERHEAD_BYTES = 800_000_000;
/** NCCL's memory for the first group of ranks, and for each further group or pair. */
const LINK_BYTES = { first: 200_000_000, further: 100_000_000 };
const NVLINK_BYTES = { first: 1_100_000_000, further: 450_000_000 };
/** On the first GPU, for each other rank of an NCCL group. */
const OTHER_RANK_BYTES = 320_000_000;
/** How many numbers are rounded to float8 at a time where the engine's own kernels don't do it. */
const FLOAT8_PART_NUMBERS = 2 ** 24;
/** One part in this many is lost between tensors (the allocator's rounding and gaps). */
const SLACK_DIVISOR = 20;

export interface MemoryJob extends Pick<SamplingParams, 'width' | 'height' | 'numFrames' | 'offload'> {
  readonly isGuided: boolean;
  /** 2 in bfloat16, 4 in float32. */
  readonly dtypeBytes: number;
  /** The GPUs are connected by NVLink. */
  readonly isNvlinked: boolean;
  /** The transformer's large layers are in float8. */
  readonly isQuantized: boolean;
  /** Blocks and decoder run in our own kernels. */
  readonly isFused: boolean;
  /** The fast quality, which keeps what the blocks added in earlier steps. */
  readonly reusesSteps: boolean;
}

/** Bytes of one rank in one stage, at its peak. */
export interface StageNeed {
  readonly stage: 'encoding' | 'denoising' | 'decoding';
  readonly weightBytes: number;
  readonly activationBytes: number;
  /** NCCL's buffers, and buffers that other GPUs access. */
  readonly linkBytes: number;
}

export interface RankRole {
  /** It holds the decoded clip, and may be on the first GPU. */
  readonly isWriter?: boolean;
  /** The text encoder's weights stay while the other stages run. */
  readonly keepsTextEncoder?: boolean;
}

/** What torch's allocator reports as its peak. */
export const tensorBytes = (need: StageNeed): number => need.weightBytes + need.activationBytes;

/** What the GPU must have free for the process. */
export const deviceBytes = (need: StageNeed): number =>
  tensorBytes(need) + Math.floor(tensorBytes(need) / SLACK_DIVISOR) + OVERHEAD_BYTES + need.linkBytes;

/** A rank's need in each stage. Ranks differ by a token or a block; this is the larger share. */
export function memoryNeeds(shape: MemoryShape, job: MemoryJob, plan: Plan, role: RankRole = {}): StageNeed[] {
  const { isWriter = true, keepsTextEncoder: stays = false } = role;
  const { dtypeBytes: size, offload } = job;
  const text = weights(shape.textEncoder, shape.textEncoder.blocks, plan.tp, size, offload);
  const transformer = transformerBytes(shape, job, plan);
  const vae = shape.vae.weights * size;
  const isResident = offload === 'none';
  const kept = isResident && stays ? text : 0;
  const linkBytes = linkBytesOf(plan, job.isNvlinked, isWriter) + peerBytes(shape, job, plan);
  return [
    {
      stage: 'encoding',
      weightBytes: text + (isResident ? transformer + vae : 0),
      activationBytes: encodingBytes(shape, job),
      linkBytes,
    },
    // The VAE is loaded next to the transformer for previews, and for a first frame.
    {
      stage: 'denoising',
      weightBytes: kept + transformer + vae,
      activationBytes: denoisingBytes(shape, job, plan),
      linkBytes,
    },
    {
      stage: 'decoding',
      weightBytes: kept + vae + (isResident ? transformer : 0),
      activationBytes: decodingBytes(shape.vae, job, isWriter),
      linkBytes,
    },
  ];
}

/** Whether a decoder with these channels can run in our own kernels, whose programs take powers of two. */
export const canFuse = ({ channels }: VaeShape): boolean =>
  channels.every((count) => Number.isInteger(Math.log2(count)));

/** What NCCL takes of a GPU: for the groups and pairs of its rank, and on the first GPU for all other ranks. */
function linkBytesOf(plan: Plan, isNvlinked: boolean, isFirstGpu: boolean): number {
  const { cfg, ring, ulysses, tp, pp } = plan;
  const split = [cfg, ring, ulysses, tp].filter((degree) => degree > 1).length;
  const joint = ring > 1 && ulysses > 1 ? 1 : 0;
  const pairs = pp > 1 ? 2 : 0;
  const whole = split > 1 || pp > 1 ? 1 : 0;
  const count = split + joint + pairs + whole;
  const { first, further } = isNvlinked ? NVLINK_BYTES : LINK_BYTES;
  const others = isFirstGpu ? (worldSize(plan) - 1) * OTHER_RANK_BYTES : 0;
  return count === 0 ? 0 : first + (count - 1) * further + others;
}

/** Whether the text encoder can stay on the device while the other stages run. */
export function keepsTextEncoder(shape: MemoryShape, job: MemoryJob, plan: Plan, capacityBytes: number): boolean {
  const needs = memoryNeeds(shape, job, plan, { keepsTextEncoder: true });
  return job.offload === 'none' && needs.every((need) => deviceBytes(need) <= capacityBytes);
}

/** The stage that needs most; the first of equals. */
export const worstOf = (needs: readonly StageNeed[]): StageNeed =>
  needs.reduce((worst, need) => (tensorBytes(need) > tensorBytes(worst) ? need : worst));

function transformerBytes(shape: MemoryShape, { dtypeBytes, offload, isQuantized }: MemoryJob, plan: Plan): number {
  const blocks = Math.ceil(shape.transformer.blocks / plan.pp);
  const whole = weights(shape.transformer, blocks, plan.tp, dtypeBytes, offload);
  if (!isQuantized) return whole;
  const held = heldBlocks(blocks, offload);
  // The first and the last block keep their type; a stage has both, or at most one.
  const plain = Math.min(held, plan.pp === 1 ? 2 : 1);
  const numbers = Math.ceil((12 * shape.hidden ** 2) / plan.tp);
  const scales = 4 * 9 * shape.hidden;
  return whole - (held - plain) * (numbers * (dtypeBytes - 1) - scales);
}

/** With sequential offload, one block computes while the next one is loaded. */
const heldBlocks = (blocks: number, offload: MemoryJob['offload']): number =>
  offload === 'sequential' ? Math.min(blocks, 2) : blocks;

function weights(part: PartWeights, blocks: number, tp: number, size: number, offload: MemoryJob['offload']): number {
  const held = heldBlocks(blocks, offload);
  const block = part.block - part.sharedOfBlock + Math.ceil(part.sharedOfBlock / tp);
  return (part.outside + held * block) * size;
}

const encodingBytes = (shape: MemoryShape, job: MemoryJob): number =>
  36 * shape.textTokens * shape.textWidth * job.dtypeBytes;

const scaleOf = (vae: VaeShape): number => 2 ** (vae.channels.length - 1);

const batchOf = (job: MemoryJob, plan: Plan): number => (job.isGuided && plan.cfg === 1 ? 2 : 1);

const share = (amount: number, parts: number): number => Math.ceil(amount / parts);

/** Temporal patches, rows and columns. */
function latentsOf(shape: MemoryShape, job: MemoryJob): { steps: number; rows: number; columns: number } {
  const { vae } = shape;
  const latentFrames = Math.floor((job.numFrames - 1) / vae.temporalCompression) + 1;
  return {
    steps: Math.ceil(latentFrames / shape.patchSizeTemporal),
    rows: Math.floor(job.height / scaleOf(vae)),
    columns: Math.floor(job.width / scaleOf(vae)),
  };
}

/** Bytes of hidden states: of one rank, and of all ranks that share the sequence. */
function tokensOf(shape: MemoryShape, job: MemoryJob, plan: Plan): { readonly own: number; readonly whole: number } {
  const { steps, rows, columns } = latentsOf(shape, job);
  const image = steps * Math.floor(rows / shape.patchSize) * Math.floor(columns / shape.patchSize);
  const sequence = plan.ring * plan.ulysses;
  const token = batchOf(job, plan) * shape.hidden * job.dtypeBytes;
  return {
    own: (Math.ceil(image / sequence) + Math.ceil(shape.textTokens / sequence)) * token,
    whole: (image + shape.textTokens) * token,
  };
}

/** Whether Ulysses and Ring access each other's memory. PipeFusion's attention exchanges through NCCL. */
const usesPeers = (job: MemoryJob, plan: Plan): boolean => job.isFused && job.isNvlinked && plan.pp === 1;

function peerBytes(shape: MemoryShape, job: MemoryJob, plan: Plan): number {
  if (!usesPeers(job, plan)) return 0;
  const { own, whole } = tokensOf(shape, job, plan);
  const heads = plan.ulysses > 1 ? share(4 * own, plan.tp) : 0;
  return heads + (plan.ring > 1 ? share(2 * whole, plan.tp * plan.ulysses) : 0);
}

function denoisingBytes(shape: MemoryShape, job: MemoryJob, plan: Plan): number {
  const { dtypeBytes: size } = job;
  const { vae } = shape;
  const { own, whole } = tokensOf(shape, job, plan);
  const block = job.isFused ? fusedBlock(own, job, plan) : eagerBlock(own, shape, job, plan);
  // PipeFusion keeps keys and values of all tokens, of the heads that a rank has, for each of its blocks.
  const kept =
    plan.pp > 1 ? 2 * Math.ceil(shape.transformer.blocks / plan.pp) * share(whole, plan.tp * plan.ulysses) : 0;
  const reused = job.reusesSteps && plan.pp === 1 ? 3 * own : 0;
  const { steps, rows, columns } = latentsOf(shape, job);
  const latents = 4 * batchOf(job, plan) * steps * shape.patchSizeTemporal * shape.inChannels * rows * columns * size;
  // Image to video encodes its first frame before the transformer runs.
  const isPictured = shape.inChannels > vae.latentChannels;
  const picture = 21 * (vae.channels[0] ?? 0) * vae.tileHeight * vae.tileWidth * scaleOf(vae) ** 2 * size;
  return Math.max(block + reused, 3 * whole, isPictured ? picture : 0) + kept + latents;
}

function eagerBlock(own: number, shape: MemoryShape, { dtypeBytes: size, isQuantized }: MemoryJob, plan: Plan): number {
  const feedForward = 4 * own + share(8 * own, plan.tp);
  const rotary = shape.isRotary ? own + Math.floor((12 * own) / size) : 2 * own;
  const joined = (plan.ulysses > 1 ? 8 : 5) * own + Math.floor((12 * own) / size);
  const attention = 3 * own + share(3 * own + Math.max(rotary, plan.ring > 1 ? joined : 0), plan.tp);
  const inner = share(4 * own, plan.tp);
  const numbers = Math.floor(inner / size);
  const quantized =
    4 * own +
    inner +
    numbers +
    8 * Math.min(numbers, FLOAT8_PART_NUMBERS) +
    share(4 * shape.hidden ** 2 * size, plan.tp);
  return Math.max(feedForward, attention, plan.tp > 1 ? 8 * own : 0, isQuantized ? quantized : 0);
}

function fusedBlock(own: number, job: MemoryJob, plan: Plan): number {
  const feedForward = job.isQuantized ? own + share(6 * own, plan.tp) : 2 * own + share(4 * own, plan.tp);
  const exchanged = usesPeers(job, plan) ? 0 : (plan.ulysses > 1 ? 5 * own : 0) + (plan.ring > 1 ? 7 * own : 0);
  return Math.max(4 * own, 2 * own + share(4 * own + exchanged, plan.tp), feedForward);
}

function decodingBytes(vae: VaeShape, job: MemoryJob, isWriter: boolean): number {
  const scale = scaleOf(vae);
  const rows = Math.floor(job.height / scale);
  const columns = Math.floor(job.width / scale);
  const isCut = rows > vae.tileHeight || columns > vae.tileWidth;
  const height = isCut ? Math.min(rows, vae.tileHeight) : rows;
  const width = isCut ? Math.min(columns, vae.tileWidth) : columns;
  const latentFrames = Math.floor((job.numFrames - 1) / vae.temporalCompression) + 1;
  const pixels = scale ** 2 * 3 * job.dtypeBytes;
  const every = isCut ? tiled(rows, vae.tileHeight, 6) * tiled(columns, vae.tileWidth, 5) : rows * columns;
  const clip = (isWriter ? every : height * width) * pixels * job.numFrames;
  const span = isWriter ? (2 * vae.temporalCompression + 1) * job.width * job.height * 3 * (job.dtypeBytes + 8) : 0;
  const tile = (job.isFused ? fusedTile : eagerTile)(vae, height, width, latentFrames);
  return Math.max(tile * job.dtypeBytes + clip, isWriter && !isCut ? 2 * clip : 0, clip + span);
}

/** Numbers of one tile at its peak, over all spans of time. */
function eagerTile(vae: VaeShape, height: number, width: number, latentFrames: number): number {
  const first = spanNumbers(vae, height, width, latentFrames > 1 ? 2 + (latentFrames % 2) : 1);
  const later = latentFrames > 3 ? first.carried + spanNumbers(vae, height, width, 2).atPeak : 0;
  return Math.max(first.atPeak, later);
}

function fusedTile(vae: VaeShape, height: number, width: number, latentFrames: number): number {
  let area = height * width;
  let before = vae.channels.at(-1) ?? 0;
  let carried = 2 * area * (vae.latentChannels + 4 * before);
  for (const [level, out] of [...vae.channels].reverse().entries()) {
    carried += 2 * area * (before + (2 * vae.layersPerBlock + 1) * out);
    if (level < vae.channels.length - 1) area *= 4;
    before = out;
  }
  const frames = latentFrames > 1 ? 2 * vae.temporalCompression : 1;
  return carried + 2 * area * before + Math.floor((13 * frames * area * before) / 2);
}

/** Latents along one side, those in overlaps counted as often as they are decoded. */
function tiled(length: number, tile: number, parts: number): number {
  const step = Math.floor((tile * (parts - 1)) / parts);
  let sum = 0;
  for (let start = 0; start < length; start += step) sum += Math.min(tile, length - start);
  return sum;
}

/** Numbers of one tile over one span of latent frames: at its peak, and carried to the next span. */
function spanNumbers(
  vae: VaeShape,
  height: number,
  width: number,
  latentFrames: number,
): { readonly atPeak: number; readonly carried: number } {
  const doublings = Math.floor(Math.log2(vae.temporalCompression));
  const { latentChannels: latent } = vae;
  let frames = latentFrames;
  let area = height * width;
  let before = vae.channels.at(-1) ?? 0;
  let carried = 2 * area * (latent + 4 * before) + 8 * latent * frames * area;
  let below = 0;
  let inner = 0;
  for (const [level, out] of [...vae.channels].reverse().entries()) {
    below = carried;
    inner = before;
    const resnets = vae.layersPerBlock + 1;
    carried += 2 * area * (before + (2 * resnets - 1) * out) + 4 * resnets * latent * frames * area;
    if (level < vae.channels.length - 1) {
      if (level < doublings && frames > 1) frames = 2 * frames - (frames % 2);
      area *= 4;
    }
    before = out;
  }
  const entering = below + (6 * inner + 2 * latent) * frames * area;
  const leaving = carried - 2 * area * before + (inner + 7 * before + 2 * latent) * frames * area;
  return {
    atPeak: Math.max(entering, leaving),
    carried: carried + 2 * area * before + 2 * latent * frames * area,
  };
}
