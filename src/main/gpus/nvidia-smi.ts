/** Parses the output of nvidia-smi and distinguishes its failures. Pure except for the port that runs it. */
import { appError, type AppError } from '../../shared/errors';
import type { Gpu } from '../../shared/machine';
import { err, ok, type Result } from '../../shared/result';
import type { Processes, RunOutcome } from '../ports/processes';
import { parseIslands } from './topology';

const TIMEOUT_MS = 5_000;
const FIELDS = [
  'index',
  'uuid',
  'name',
  'pci.bus_id',
  'memory.total',
  'memory.used',
  'utilization.gpu',
  'temperature.gpu',
  'power.draw',
  'driver_version',
] as const;
const MIB = 1_048_576;

export type GpuFigures = Omit<Gpu, 'index' | 'nvlinkIsland'>;

export interface Reading {
  readonly driverVersion: string | null;
  /** In PCI order. */
  readonly gpus: readonly GpuFigures[];
}

export type NoReading = { readonly kind: 'noProgram' } | { readonly kind: 'problem'; readonly error: AppError };

export interface NvidiaSmi {
  readonly read: () => Promise<Result<Reading, NoReading>>;
  /** NVLink islands by index in PCI order; empty if unknown. */
  readonly readIslands: () => Promise<ReadonlyMap<number, number>>;
  /** `9.0` and the like, one per GPU; empty without an answer. Old versions reject this field. */
  readonly readCapabilities: () => Promise<readonly string[]>;
}

export function createNvidiaSmi(processes: Pick<Processes, 'run'>, env: Readonly<Record<string, string>>): NvidiaSmi {
  const run = (args: readonly string[]): Promise<RunOutcome> =>
    processes.run('nvidia-smi', { args, env, timeoutMs: TIMEOUT_MS, maxOutputBytes: MIB });
  return {
    read: async () => interpret(await run([`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits'])),
    readIslands: async () => {
      const outcome = await run(['topo', '-m']);
      return outcome.kind === 'exited' && outcome.code === 0 ? parseIslands(outcome.stdout) : new Map();
    },
    readCapabilities: async () => {
      const outcome = await run(['--query-gpu=compute_cap', '--format=csv,noheader']);
      if (outcome.kind !== 'exited' || outcome.code !== 0) return [];
      const lines = outcome.stdout.split('\n').map((line) => line.trim());
      return lines.filter((line) => /^\d+\.\d+$/.test(line));
    },
  };
}

export function interpret(outcome: RunOutcome): Result<Reading, NoReading> {
  const problem = (error: AppError): Result<Reading, NoReading> => err({ kind: 'problem', error });
  switch (outcome.kind) {
    case 'notFound':
      return err({ kind: 'noProgram' });
    case 'timedOut':
    case 'canceled':
      return problem(appError('DRIVER_NOT_RESPONDING'));
    case 'tooMuchOutput':
      return problem(appError('DRIVER_GARBLED', {}, { details: outputOf(outcome) }));
    case 'failed':
      return problem(appError('DRIVER_GARBLED', {}, { details: outcome.problem }));
    case 'signaled':
      return problem(appError('DRIVER_GARBLED', {}, { details: `${outcome.signal}: ${outputOf(outcome)}` }));
    case 'exited':
      return interpretExit(outcome.code, outcome);
  }
}

const outputOf = (output: { readonly stdout: string; readonly stderr: string }): string =>
  `${output.stdout}\n${output.stderr}`.trim().slice(0, 4_000);

function interpretExit(code: number, output: { stdout: string; stderr: string }): Result<Reading, NoReading> {
  const text = outputOf(output);
  if (/no devices were found/i.test(text)) return ok({ driverVersion: null, gpus: [] });
  if (/couldn't communicate with the NVIDIA driver/i.test(text))
    return err({ kind: 'problem', error: appError('DRIVER_MISSING', {}, { details: text }) });
  if (/version mismatch|unknown error|GPU is lost|Unable to determine the device handle/i.test(text))
    return err({ kind: 'problem', error: appError('DRIVER_NOT_RESPONDING', {}, { details: text }) });
  const reading = code === 0 ? parseReading(output.stdout) : null;
  if (reading !== null) return ok(reading);
  return err({
    kind: 'problem',
    error: appError('DRIVER_GARBLED', {}, { details: `exit code ${String(code)}\n${text}` }),
  });
}

/** Null if any line is malformed: an incomplete list of GPUs would be worse than none. */
export function parseReading(csv: string): Reading | null {
  const rows = csv
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseRow);
  const valid = rows.filter((row) => row !== null);
  if (rows.length === 0 || valid.length !== rows.length) return null;
  const gpus = valid.map(({ gpu }) => gpu).sort((a, b) => comparePci(a.pciBusId, b.pciBusId));
  return { driverVersion: valid[0]?.driverVersion ?? null, gpus };
}

function parseRow(line: string): { readonly gpu: GpuFigures; readonly driverVersion: string } | null {
  const cells = line.split(',').map((cell) => cell.trim());
  const [, uuid = '', name = '', pciBusId = '', total = '', used, load, heat, power, driverVersion = ''] = cells;
  const totalMib = figure(total);
  const isValid =
    cells.length === FIELDS.length &&
    /^(GPU|MIG)-/.test(uuid) &&
    /^[\da-f:.]+$/i.test(pciBusId) &&
    /^\d+\./.test(driverVersion);
  if (!isValid || name === '') return null;
  const usedMib = figure(used);
  return {
    gpu: {
      kind: 'cuda',
      uuid,
      name,
      pciBusId,
      // Unified-memory chips report [N/A] here.
      memoryTotalBytes: (totalMib ?? 0) * MIB,
      memoryUsedBytes: usedMib === null ? null : usedMib * MIB,
      utilizationPercent: figure(load),
      temperatureCelsius: figure(heat),
      powerWatts: figure(power),
    },
    driverVersion,
  };
}

/** `[N/A]` and the like are null. */
function figure(cell: string | undefined): number | null {
  return cell !== undefined && /^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : null;
}

const pciKey = (id: string): string =>
  id
    .split(/[:.]/)
    .map((part) => part.toLowerCase().padStart(8, '0'))
    .join(':');
const comparePci = (a: string, b: string): number => (pciKey(a) < pciKey(b) ? -1 : 1);
