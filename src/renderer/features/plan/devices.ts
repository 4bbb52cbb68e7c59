/** Which devices a job may use: the person's choice, as far as the machine still has it. */
import type { JobDevices } from '../../../shared/job';
import { smallestIsland, type Gpu, type Machine } from '../../../shared/machine';
import type { PlanDevices } from '../../../shared/plan';
import type { Settings } from '../../../shared/settings';

export type ChosenDevices =
  { readonly kind: 'cuda'; readonly gpus: readonly Gpu[] } | { readonly kind: 'cpu'; readonly ranks: number };

export function chosenDevices(
  machine: Machine,
  settings: Pick<Settings, 'chosenGpuUuids' | 'cpuRanks'>,
): ChosenDevices {
  if (machine.gpus.length === 0 || machine.problem !== null) return { kind: 'cpu', ranks: settings.cpuRanks };
  const sorted = [...machine.gpus].sort((a, b) => a.index - b.index);
  const wanted = settings.chosenGpuUuids;
  const kept = wanted === null ? sorted : sorted.filter((gpu) => wanted.includes(gpu.uuid));
  // GPUs that were chosen and have been taken out leave the others.
  const gpus = kept.length === 0 ? sorted : kept;
  return { kind: 'cuda', gpus: machine.multiGpu ? gpus : gpus.slice(0, 1) };
}

export const worldDevices = (devices: ChosenDevices): PlanDevices =>
  devices.kind === 'cpu'
    ? { kind: 'cpu', count: devices.ranks, islandSize: devices.ranks }
    : { kind: 'cuda', count: devices.gpus.length, islandSize: smallestIsland(devices.gpus) };

/** What the job is sent with: as many GPUs as the plan has ranks, in PCI order. */
export const jobDevices = (devices: ChosenDevices, ranks: number): JobDevices =>
  devices.kind === 'cpu'
    ? { kind: 'cpu', ranks }
    : { kind: 'cuda', uuids: devices.gpus.slice(0, ranks).map((gpu) => gpu.uuid) };

const COLOURS = 8;

/** The colour of a GPU, the same everywhere. */
export const gpuColour = (index: number): string => `var(--gpu-${String(index % COLOURS)})`;

/** Only the dark blue of the set is too dark for dark letters. */
export const gpuInk = (index: number): string => (index % COLOURS === 4 ? '#ffffff' : '#0e0e0f');

/** The number in `GPU 3`, `CPU` or `cuda:3`, for the colour of a lane. */
export function deviceIndex(device: string, rank: number): number {
  const match = /(\d+)$/.exec(device);
  return match === null ? rank : Number(match[1]);
}
