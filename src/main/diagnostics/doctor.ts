/**
 * Runs `splitreel doctor` and publishes each finding as it arrives. Without an environment, it runs on the system's
 * Python.
 */
import { z } from 'zod';
import { findingSchema, type Doctor } from '../../shared/doctor';
import { appError, SplitreelError } from '../../shared/errors';
import { DATA_FOLDER } from '../../shared/variables';
import { workerEnvironment, type Environ } from '../engine/worker-environment';
import type { EnvironmentService } from '../install/environment';
import { packageEntry } from '../install/package-entry';
import { attachJsonLines } from '../json-lines/json-lines-process';
import type { Clock } from '../ports/clock';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';

export const IDLE_DOCTOR: Doctor = { status: 'idle', findings: [] };

/** Eight GPUs have 28 pairs, and the check waits for up to three links that hang. */
const TIMEOUT_MS = 900_000;

/** Without an environment the doctor runs on the system's Python, because it needs only the standard library. */
export const WITHOUT_ENVIRONMENT = '--no_environment';

/** The doctor's exit code when it has found problems. */
const HAS_PROBLEMS = 3;

export interface DoctorPorts {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: Pick<EnvironmentService, 'current' | 'systemPython'>;
}

export interface DoctorOptions {
  readonly dataRoot: string;
  readonly pythonFolder: string;
  readonly env: Environ;
  readonly linkSwitches: () => Readonly<Record<string, string>>;
  readonly onChange: (doctor: Doctor) => void;
}

export interface DoctorService {
  /** Resolves when everything has been checked. A second call during a run waits for that run. */
  readonly run: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function createDoctor(ports: DoctorPorts, options: DoctorOptions): DoctorService {
  let running: Promise<void> | null = null;
  let stopProcess = (): Promise<void> => Promise.resolve();

  const examine = async (): Promise<void> => {
    let findings: Doctor['findings'] = [];
    const publish = (status: Doctor['status']): void => options.onChange({ status, findings });
    publish('running');
    try {
      const child = await startDoctor(ports, options, (finding) => {
        findings = [...findings, finding];
        publish('running');
      });
      stopProcess = child.stop;
      const { lastOutput, ...ending } = await child.ended;
      const isComplete = ending.kind === 'exited' && (ending.exit.code === 0 || ending.exit.code === HAS_PROBLEMS);
      if (!isComplete && ending.kind !== 'stopped')
        throw new SplitreelError(appError('DOCTOR_FAILED', {}, { details: lastOutput.trim() || ending.kind }));
    } finally {
      publish('done');
    }
  };
  return {
    run: () => {
      running ??= examine().finally(() => {
        running = null;
      });
      return running;
    },
    stop: () => stopProcess(),
  };
}

async function startDoctor(
  ports: DoctorPorts,
  options: DoctorOptions,
  onFinding: (finding: Doctor['findings'][number]) => void,
) {
  const current = await ports.environment.current();
  const python = current?.python ?? (await ports.environment.systemPython());
  if (python === null) throw new SplitreelError(appError('PYTHON_MISSING'));
  const flags = ['--events', ...(current === null ? [WITHOUT_ENVIRONMENT] : [])];
  const process = ports.processes.startWorker(python, {
    args: [...packageEntry(options.pythonFolder), 'doctor', ...flags],
    env: { ...workerEnvironment(options.env), ...options.linkSwitches(), [DATA_FOLDER]: options.dataRoot },
    cwd: options.dataRoot,
  });
  return attachJsonLines({
    ...ports,
    name: 'doctor',
    process,
    timeLimitMs: TIMEOUT_MS,
    commandSchema: z.never(),
    eventSchema: findingSchema,
    onEvent: onFinding,
  });
}
