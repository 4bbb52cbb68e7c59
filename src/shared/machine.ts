/** This computer: GPUs, driver, links between GPUs. */
import { z } from 'zod';
import { deviceSchema, type Device } from './device';
import { appErrorSchema } from './errors';

export const gpuSchema = deviceSchema.extend({
  kind: z.literal('cuda'),
  uuid: z.string(),
  pciBusId: z.string(),
  memoryTotalBytes: z.number(),
  memoryUsedBytes: z.number().nullable(),
  utilizationPercent: z.number().nullable(),
  temperatureCelsius: z.number().nullable(),
  powerWatts: z.number().nullable(),
  /** GPUs with the same number share NVLink; null without NVLink. */
  nvlinkIsland: z.number().int().nullable(),
});
export type Gpu = z.infer<typeof gpuSchema>;

export const machineSchema = z.object({
  status: z.enum(['looking', 'ready']),
  gpus: z.array(gpuSchema),
  driverVersion: z.string().nullable(),
  /** DRIVER_MISSING, DRIVER_TOO_OLD, DRIVER_NOT_RESPONDING, DRIVER_GARBLED; null with a driver that works. */
  problem: appErrorSchema.nullable(),
  cpuName: z.string(),
  cpuCores: z.number().int().positive(),
  memoryTotalBytes: z.number(),
  platform: z.string(),
  /** True where only one GPU can be used, because the platform has no NCCL (Windows). */
  multiGpu: z.boolean(),
});
export type Machine = z.infer<typeof machineSchema>;

/** The GPU data stored in jobs, reports and videos. */
export const gpuDevice = ({ kind, index, uuid, name }: Gpu): Device => ({ kind, index, uuid, name });

/** The smallest NVLink island among the chosen GPUs; 1 if any has none. */
export function smallestIsland(chosen: readonly Gpu[]): number {
  const sizes = new Map<number, number>();
  for (const gpu of chosen) {
    if (gpu.nvlinkIsland === null) return 1;
    sizes.set(gpu.nvlinkIsland, (sizes.get(gpu.nvlinkIsland) ?? 0) + 1);
  }
  return sizes.size === 0 ? 1 : Math.min(...sizes.values());
}
