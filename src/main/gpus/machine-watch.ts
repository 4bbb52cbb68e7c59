/** The machine slice: read once at the start, then once a second while the window shows it. */
import { appError, type AppError } from '../../shared/errors';
import type { Gpu, Machine } from '../../shared/machine';
import type { Clock } from '../ports/clock';
import type { NvidiaSmi, Reading } from './nvidia-smi';

const WATCH_INTERVAL_MS = 1_000;

/** From systeminformation; read once. */
export interface SystemFacts {
  readonly cpuName: string;
  readonly cpuCores: number;
  readonly memoryTotalBytes: number;
  readonly platform: string;
}

export interface MachineWatchPorts {
  readonly clock: Clock;
  readonly nvidiaSmi: NvidiaSmi;
  readonly readSystem: () => Promise<SystemFacts>;
  /**
   * True if the computer has an NVIDIA card, detected without its driver. Only called if there is no nvidia-smi:
   * systeminformation calls that program too, synchronously, and would hang with it.
   */
  readonly hasNvidiaCard: () => Promise<boolean>;
  /** The oldest driver that the locked torch works with. */
  readonly minimumDriver: string;
}

export const UNKNOWN_MACHINE: Machine = {
  status: 'looking',
  gpus: [],
  driverVersion: null,
  problem: null,
  cpuName: '',
  cpuCores: 1,
  memoryTotalBytes: 0,
  platform: '',
  multiGpu: false,
};

export interface MachineWatch {
  readonly refresh: () => Promise<void>;
  readonly setVisible: (isVisible: boolean) => void;
  readonly stop: () => void;
}

export function createMachineWatch(ports: MachineWatchPorts, onMachine: (machine: Machine) => void): MachineWatch {
  let facts: SystemFacts | null = null;
  let islands: ReadonlyMap<number, number> | null = null;
  let running: Promise<void> | null = null;
  let stopTimer: (() => void) | null = null;

  const look = async (): Promise<void> => {
    facts ??= await ports.readSystem();
    const found = await ports.nvidiaSmi.read();
    const system = { ...facts, multiGpu: facts.platform === 'linux' };
    if (!found.ok) {
      const problem = found.error.kind === 'problem' ? found.error.error : await missingDriver();
      onMachine({ status: 'ready', gpus: [], driverVersion: null, problem, ...system });
      return;
    }
    if (found.value.gpus.length > 1) islands ??= await ports.nvidiaSmi.readIslands();
    const problem = driverProblem(found.value, ports.minimumDriver);
    onMachine({
      status: 'ready',
      gpus: found.value.gpus.map((gpu, index): Gpu => ({ ...gpu, index, nvlinkIsland: islands?.get(index) ?? null })),
      driverVersion: found.value.driverVersion,
      problem,
      ...system,
    });
  };
  const missingDriver = async (): Promise<AppError | null> =>
    (await ports.hasNvidiaCard()) ? appError('DRIVER_MISSING') : null;
  /** One query at a time: a slow nvidia-smi is queried less often, never twice at once. */
  const probeOnce = (): Promise<void> => {
    running ??= look().finally(() => {
      running = null;
    });
    return running;
  };
  const stop = (): void => {
    stopTimer?.();
    stopTimer = null;
  };
  return {
    refresh: async () => {
      islands = null;
      await probeOnce();
    },
    setVisible: (isVisible) => {
      if (!isVisible) stop();
      else stopTimer ??= ports.clock.every(WATCH_INTERVAL_MS, () => void probeOnce().catch(() => undefined));
    },
    stop,
  };
}

function driverProblem({ driverVersion }: Reading, minimum: string): AppError | null {
  if (driverVersion === null || compareVersions(driverVersion, minimum) >= 0) return null;
  return appError('DRIVER_TOO_OLD', { found: driverVersion, needed: minimum });
}

/** By number, part by part; a missing part counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
