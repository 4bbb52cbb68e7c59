/** Runs the Python doctor and tells each finding as it comes: by the environment, or by a borrowed Python without one. */
import type { Doctor } from '../../shared/doctor';
import { findingSchema } from '../../shared/doctor';
import { appError, SplitreelError } from '../../shared/errors';
import { workerEnvironment, type Environ } from '../engine/worker-environment';
import { packageEntry } from '../install/package-entry';
import type { Processes } from '../ports/processes';
import type { EnvironmentService } from '../install/environment';

export const IDLE_DOCTOR: Doctor = { status: 'idle', findings: [] };

/** Eight GPUs are 28 pairs, and a link that hangs is waited for three times. */
const TIMEOUT_MS = 900_000;

/** Before there is an environment the doctor runs on the system's Python: it needs the standard library alone. */
export const WITHOUT_ENVIRONMENT = '--no_environment';

export interface DoctorOptions {
  readonly dataRoot: string;
  readonly pythonFolder: string;
  readonly env: Environ;
  readonly linkSwitches: () => Readonly<Record<string, string>>;
  readonly onChange: (doctor: Doctor) => void;
}

export interface DoctorService {
  /** Resolves when all was looked at. A second call while it runs waits for the same. */
  readonly run: () => Promise<void>;
  readonly stop: () => void;
}

export function createDoctor(
  processes: Pick<Processes, 'run'>,
  environment: Pick<EnvironmentService, 'current' | 'systemPython'>,
  options: DoctorOptions,
): DoctorService {
  let running: { readonly done: Promise<void>; readonly abort: AbortController } | null = null;

  const examine = async (signal: AbortSignal): Promise<void> => {
    let findings: Doctor['findings'] = [];
    const tell = (status: Doctor['status']): void => options.onChange({ status, findings });
    tell('running');
    try {
      const current = await environment.current();
      const python = current?.python ?? (await environment.systemPython());
      if (python === null) throw new SplitreelError(appError('PYTHON_MISSING'));
      const flags = ['--json_lines', ...(current === null ? [WITHOUT_ENVIRONMENT] : [])];
      const outcome = await processes.run(python, {
        args: [...packageEntry(options.pythonFolder), 'doctor', ...flags],
        env: {
          ...workerEnvironment(options.env),
          ...options.linkSwitches(),
          SPLITREEL_DATA: options.dataRoot,
        },
        timeoutMs: TIMEOUT_MS,
        signal,
        onLine: (line) => {
          const finding = parseFinding(line);
          if (finding === null) return;
          findings = [...findings, finding];
          tell('running');
        },
      });
      // 3 says that something is a problem, which the findings tell.
      const isEnded = outcome.kind === 'exited' && (outcome.code === 0 || outcome.code === 3);
      if (!isEnded && outcome.kind !== 'cancelled')
        throw new SplitreelError(
          appError('DOCTOR_FAILED', {}, { details: 'stderr' in outcome ? outcome.stderr.trim() : outcome.kind }),
        );
    } finally {
      tell('done');
    }
  };
  return {
    run: () => {
      if (running === null) {
        const abort = new AbortController();
        const done = examine(abort.signal).finally(() => {
          running = null;
        });
        running = { done, abort };
      }
      return running.done;
    },
    stop: () => running?.abort.abort(),
  };
}

function parseFinding(line: string): Doctor['findings'][number] | null {
  if (!line.startsWith('{')) return null;
  try {
    return findingSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
