/**
 * A GPU, or a share of the CPU, that a rank runs on. It travels as data from the worker to the window and into each video's metadata;
 * display text is made where it is shown and never parsed.
 */
import { z } from 'zod';
import { MAX_DEGREE } from './limits';

export const DEVICE_KINDS = ['cpu', 'cuda'] as const;

export const deviceSchema = z
  .object({
    kind: z.enum(DEVICE_KINDS),
    index: z
      .number()
      .int()
      .nonnegative()
      .describe("a GPU's position in PCI order, as in nvidia-smi; on a CPU, the number of the rank"),
    uuid: z.string().nullable().describe('the same for CUDA and nvidia-smi, which may number GPUs differently'),
    name: z.string().describe('`NVIDIA H200`, or `CPU`'),
  })
  .meta({
    id: 'Device',
    description: 'A GPU, or a share of the CPU, that a rank runs on. Its text is made where it is shown.',
  });
export type Device = z.infer<typeof deviceSchema>;

/** One device for each rank of a job, in the order of the ranks. */
export const deviceListSchema = z.array(deviceSchema).min(1).max(MAX_DEGREE);

export const cpuDevices = (ranks: number): readonly Device[] =>
  Array.from({ length: ranks }, (_, index) => ({ kind: 'cpu', index, uuid: null, name: 'CPU' }));

/** Whether a measurement on one list applies to the other: the same device models in the same order. */
export const isSameHardware = (a: readonly Device[], b: readonly Device[]): boolean =>
  a.length === b.length && a.every(({ kind, name }, index) => kind === b[index]?.kind && name === b[index].name);
