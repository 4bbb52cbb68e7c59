/**
 * Asks the Python store what a folder holds (python/splitreel/store). It reads what anybody may have made, so each
 * folder has a process with limits of its own, and its answer is parsed before anything else sees it.
 */
import path from 'node:path';
import { appError } from '../../shared/errors';
import { inspectionSchema, type Inspection } from '../../shared/models';
import { pick, type Environ } from '../engine/worker-environment';
import type { CurrentPython } from '../install/environment';
import { packageEntry } from '../install/package-entry';
import type { Processes } from '../ports/processes';

/** Null where no Python was found yet: then nothing is known of any folder. */
export type Inspect = (folder: string) => Promise<Inspection | null>;

export interface InspectPorts {
  readonly processes: Pick<Processes, 'run'>;
  readonly python: () => Promise<Pick<CurrentPython, 'python' | 'entry'> | null>;
  /** Where there is no environment yet: the standard library is all that a check needs. */
  readonly systemPython: () => Promise<string | null>;
}

const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 1_000_000;

export function createInspect(
  ports: InspectPorts,
  options: { readonly pythonFolder: string; readonly env: Environ },
): Inspect {
  return async (folder) => {
    const current = await ports.python();
    const program = current?.python ?? (await ports.systemPython());
    if (program === null) return null;
    const entry = current?.entry ?? packageEntry(options.pythonFolder);
    const outcome = await ports.processes.run(program, {
      args: [...entry, 'inspect', folder],
      env: pick(options.env, 'base', 'models'),
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: MAX_ANSWER_BYTES,
    });
    if (outcome.kind === 'notFound' || outcome.kind === 'cancelled') return null;
    const answer = outcome.kind === 'exited' && outcome.code === 0 ? parse(outcome.stdout) : null;
    return answer ?? unchecked(folder, 'stderr' in outcome ? outcome.stderr : outcome.kind);
  };
}

function parse(text: string): Inspection | null {
  try {
    const parsed = inspectionSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The check itself went over its limits, or its answer is none. */
const unchecked = (folder: string, details: string): Inspection => ({
  status: 'broken',
  error: appError(
    'MODEL_CORRUPT',
    { file: path.basename(folder) },
    {
      reasons: [{ code: 'model_check_fails', params: { file: path.basename(folder) } }],
      details: details.slice(-4_000),
    },
  ),
});
