/** Limits shared by both languages; python/splitreel/contract/limits.py is generated from this file. */

/** JavaScript's largest exact integer. torch would take 2^64 - 1, but the window could not show it. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;
export const MAX_STEPS = 500;
export const MAX_GUIDANCE = 30;
export const MAX_VIDEOS = 64;
export const MAX_PATCHES = 64;
export const MAX_LORAS = 8;
/** Beyond this every published LoRA only destroys the image; a negative strength subtracts its effect. */
export const MAX_LORA_STRENGTH = 4;
/** Per side, in pixels: four times CogVideoX 1.5's width. Guards against typing errors only. */
export const MAX_SIDE = 5440;
export const MAX_DEGREE = 64;
/** Ranks on a CPU, which is meant for trying plans out. */
export const MAX_CPU_RANKS = 8;

export const PROTOCOL_VERSION = 1;
/** A longer line is a fault, not a message: it bounds the memory that a broken process can make its reader use. */
export const MAX_LINE_BYTES = 1_048_576;
/** How often the supervisor sends a heartbeat. */
export const HEARTBEAT_INTERVAL_MS = 1_000;
/** Where events are written: torch, NCCL and tqdm print to stdout. */
export const EVENT_FD = 3;
