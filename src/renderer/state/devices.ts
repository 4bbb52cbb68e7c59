/** Which devices a job may use: the user's choice, limited to devices that still exist. */
import { cpuDevices, type Device } from '../../shared/device';
import { gpuDevice, smallestIsland, type Gpu, type Machine } from '../../shared/machine';
import type { PlanDevices } from '../../shared/plan';
import type { Settings } from '../../shared/settings';

export type ChosenDevices =
  { readonly kind: 'cuda'; readonly gpus: readonly Gpu[] } | { readonly kind: 'cpu'; readonly ranks: number };

export function chosenDevices(
  machine: Machine,
  settings: Pick<Settings, 'chosenGpuUuids' | 'isCpuChosen' | 'cpuRanks' | 'isP2pOff'>,
): ChosenDevices {
  if (settings.isCpuChosen || machine.gpus.length === 0 || machine.problem !== null)
    return { kind: 'cpu', ranks: settings.cpuRanks };
  const sorted = [...machine.gpus].sort((a, b) => a.index - b.index);
  const wanted = settings.chosenGpuUuids;
  const kept = wanted === null ? sorted : sorted.filter((gpu) => wanted.includes(gpu.uuid));
  // If every chosen GPU has been removed, the remaining ones are used.
  const present = kept.length === 0 ? sorted : kept;
  // With peer-to-peer off, NVLink isn't used.
  const gpus = settings.isP2pOff ? present.map((gpu) => ({ ...gpu, nvlinkIsland: null })) : present;
  return { kind: 'cuda', gpus: machine.multiGpu ? gpus : gpus.slice(0, 1) };
}

export const worldDevices = (devices: ChosenDevices): PlanDevices =>
  devices.kind === 'cpu'
    ? { kind: 'cpu', count: devices.ranks, islandSize: devices.ranks }
    : { kind: 'cuda', count: devices.gpus.length, islandSize: smallestIsland(devices.gpus) };

/** The devices sent with a job: as many GPUs as the plan has ranks, in PCI order. */
export const jobDevices = (devices: ChosenDevices, ranks: number): readonly Device[] =>
  devices.kind === 'cpu' ? cpuDevices(ranks) : devices.gpus.slice(0, ranks).map(gpuDevice);
