/** One run of a `splitreel` command that writes a file and reports its progress: `export` or `join`. */
import { z } from 'zod';
import { appError, SplitreelError } from '../../shared/errors';
import { exportEventSchema, type ExportEvent, type ExportState } from '../../shared/export';
import { pick, type Environ } from '../engine/worker-environment';
import type { CurrentPython } from '../install/environment';
import { attachJsonLines } from '../json-lines/json-lines-process';
import type { Clock } from '../ports/clock';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';

export interface FileCommandPorts {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly python: () => Promise<CurrentPython | null>;
  readonly env: Environ;
  readonly cwd: string;
}

export interface FileCommandRun {
  readonly stop: () => Promise<void>;
  /** The path of the file; null if the run was stopped. Rejects on an error. */
  readonly result: Promise<string | null>;
}

type Ended = Extract<ExportEvent, { readonly type: 'exportFinished' | 'exportFailed' }>;

/** Throws ENVIRONMENT_MISSING. */
export async function currentPython(ports: Pick<FileCommandPorts, 'python'>): Promise<CurrentPython> {
  const current = await ports.python();
  if (current === null) throw new SplitreelError(appError('ENVIRONMENT_MISSING'));
  return current;
}

export function startFileCommand(
  ports: FileCommandPorts,
  current: CurrentPython,
  [command, ...args]: readonly [string, ...string[]],
  onProgress: (progress: Pick<ExportState, 'done' | 'total'>) => void = () => undefined,
): FileCommandRun {
  const process = ports.processes.startWorker(current.python, {
    args: [...current.entry, command, '--events', ...args],
    env: { ...pick(ports.env, 'base'), PYTHONNOUSERSITE: '1' },
    cwd: ports.cwd,
  });
  let end: Ended | null = null;
  const child = attachJsonLines({
    ...ports,
    name: command,
    process,
    commandSchema: z.never(),
    eventSchema: exportEventSchema,
    onEvent: (event) => {
      if (event.type === 'exportProgressed') onProgress(event);
      else end = event;
    },
  });
  return {
    stop: child.stop,
    result: child.ended.then(({ kind, lastOutput }) => resultOf(end, kind === 'stopped', lastOutput)),
  };
}

function resultOf(end: Ended | null, isStopped: boolean, lastOutput: string): string | null {
  if (end?.type === 'exportFinished') return end.path;
  if (isStopped || end?.error.code === 'CANCELED') return null;
  throw new SplitreelError(end?.error ?? appError('INTERNAL', {}, { details: lastOutput }));
}
