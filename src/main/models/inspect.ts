/**
 * Lets the Python store (python/splitreel/store) check a folder. The folder's content is untrusted, so each check has
 * its own process with limits, and its answer is parsed before use.
 */
import path from 'node:path';
import type { z } from 'zod';
import { appError } from '../../shared/errors';
import { inspectionSchema, loraInspectionSchema, type Inspection, type LoraInspection } from '../../shared/models';
import { pick, type Environ } from '../engine/worker-environment';
import type { CurrentPython } from '../install/environment';
import { packageEntry } from '../install/package-entry';
import type { Processes } from '../ports/processes';

/** Null if no Python was found yet; then no folder can be checked. */
export type Inspect = (folder: string, recordFile: string | null) => Promise<Inspection | null>;
export type InspectLora = (file: string, modelFolder: string) => Promise<LoraInspection | null>;

export interface InspectPorts {
  readonly processes: Pick<Processes, 'run'>;
  readonly python: () => Promise<Pick<CurrentPython, 'python' | 'entry'> | null>;
  /** Without an environment: a check needs only the standard library. */
  readonly systemPython: () => Promise<string | null>;
}

const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 1_000_000;

interface InspectOptions {
  readonly pythonFolder: string;
  readonly env: Environ;
}

/** Runs one command of the store. Null without a Python to run it. */
async function runStore(
  ports: InspectPorts,
  options: InspectOptions,
  args: readonly string[],
): Promise<{ readonly stdout: string | null; readonly details: string } | null> {
  const current = await ports.python();
  const program = current?.python ?? (await ports.systemPython());
  if (program === null) return null;
  const entry = current?.entry ?? packageEntry(options.pythonFolder);
  const outcome = await ports.processes.run(program, {
    args: [...entry, ...args],
    env: pick(options.env, 'base', 'models'),
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_ANSWER_BYTES,
  });
  if (outcome.kind === 'notFound' || outcome.kind === 'canceled') return null;
  const stdout = outcome.kind === 'exited' && outcome.code === 0 ? outcome.stdout : null;
  return { stdout, details: ('stderr' in outcome ? outcome.stderr : outcome.kind).slice(-4_000) };
}

export function createInspect(ports: InspectPorts, options: InspectOptions): Inspect {
  return async (folder, recordFile) => {
    const args = recordFile === null ? [folder] : [folder, recordFile];
    const answer = await runStore(ports, options, ['inspect', ...args]);
    if (answer === null) return null;
    const found = parse(inspectionSchema, answer.stdout);
    return found ?? { ...unchecked('MODEL_CORRUPT', folder, answer.details), record: null };
  };
}

export function createInspectLora(ports: InspectPorts, options: InspectOptions): InspectLora {
  return async (file, modelFolder) => {
    const answer = await runStore(ports, options, ['inspect-lora', file, modelFolder]);
    if (answer === null) return null;
    return parse(loraInspectionSchema, answer.stdout) ?? unchecked('LORA_UNUSABLE', file, answer.details);
  };
}

function parse<T extends z.ZodType>(schema: T, text: string | null): z.infer<T> | null {
  if (text === null) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The check exceeded its limits, or its answer is invalid. */
function unchecked(code: 'MODEL_CORRUPT' | 'LORA_UNUSABLE', checked: string, details: string) {
  const params = { file: path.basename(checked) };
  const error = appError(code, params, { reasons: [{ code: 'model_check_fails', params }], details });
  return { status: 'broken' as const, error };
}
