/** Copies of videos in other formats: a process of `splitreel export` for each, with its progress for the window. */
import path from 'node:path';
import { z } from 'zod';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import {
  EXPORT_EXTENSIONS,
  exportEventSchema,
  type ExportEvent,
  type ExportRequest,
  type ExportState,
} from '../../shared/export';
import { pick, type Environ } from '../engine/worker-environment';
import type { CurrentPython } from '../install/environment';
import { attachJsonLines } from '../json-lines/json-lines-process';
import type { Clock } from '../ports/clock';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';
import type { Random } from '../ports/random';

export interface ExportPorts {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly python: () => Promise<CurrentPython | null>;
  readonly env: Environ;
  readonly cwd: string;
}

export interface ExportJob {
  readonly videoId: string;
  readonly file: string;
  /** What the person chose; the ending of the format is added where it is missing. */
  readonly target: string;
  readonly request: ExportRequest;
}

export interface Exports {
  /** One after the other. The paths of the copies, fewer where the export was cancelled. Throws what is wrong. */
  readonly run: (jobs: readonly ExportJob[]) => Promise<readonly string[]>;
  readonly cancel: (exportId: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

type Ended = Extract<ExportEvent, { readonly type: 'exportFinished' | 'exportFailed' }>;

export function createExports(ports: ExportPorts, onChange: (exports: readonly ExportState[]) => void): Exports {
  let states: readonly ExportState[] = [];
  const stops = new Map<string, () => Promise<void>>();
  const set = (next: readonly ExportState[]): void => {
    states = next;
    onChange(next);
  };
  const change = (id: string, progress: Pick<ExportState, 'done' | 'total'>): void =>
    set(states.map((state) => (state.id === id ? { ...state, ...progress } : state)));

  const run = async (jobs: readonly ExportJob[]): Promise<readonly string[]> => {
    const current = await ports.python();
    if (current === null) throw new SplitreelError(appError('ENVIRONMENT_MISSING'));
    const id = ports.random.id();
    const paths: string[] = [];
    const cancelled = new AbortController();
    try {
      for (const [videoIndex, job] of jobs.entries()) {
        const { videoId, request } = job;
        const state = { id, videoId, videoIndex, videoCount: jobs.length, format: request.format, done: 0, total: 0 };
        set([...states.filter((other) => other.id !== id), state]);
        const { stop, result } = startExport(ports, current, job, (progress) => change(id, progress));
        stops.set(id, () => {
          cancelled.abort();
          return stop();
        });
        const copied = await result;
        if (copied !== null) paths.push(copied);
        if (copied === null || cancelled.signal.aborted) break;
      }
      return paths;
    } finally {
      stops.delete(id);
      set(states.filter((state) => state.id !== id));
    }
  };
  return {
    run,
    cancel: async (exportId) => stops.get(exportId)?.(),
    stop: async () => {
      await Promise.all([...stops.values()].map((stop) => stop()));
    },
  };
}

function startExport(
  ports: ExportPorts,
  current: CurrentPython,
  job: ExportJob,
  onProgress: (progress: Pick<ExportState, 'done' | 'total'>) => void,
) {
  const process = ports.processes.startWorker(current.python, {
    args: [...current.entry, 'export', '--events', ...exportFlags(job.request), job.file, ...targetOf(job)],
    env: { ...pick(ports.env, 'base'), PYTHONNOUSERSITE: '1' },
    cwd: ports.cwd,
  });
  let end: Ended | null = null;
  const child = attachJsonLines({
    ...ports,
    name: 'export',
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

const exportFlags = ({ format, fps, scale, frame }: ExportRequest): readonly string[] => [
  `--format=${format}`,
  `--scale=${String(scale)}`,
  ...(fps === null ? [] : [`--fps=${String(fps)}`]),
  ...(frame === null ? [] : [`--frame=${String(frame)}`]),
];

/** The dialog asked whether the chosen file may be replaced, but not about the name with an ending added. */
function targetOf({ target, request }: ExportJob): readonly string[] {
  const ending = EXPORT_EXTENSIONS[request.format];
  const isWhole = ending === '' || path.extname(target).toLowerCase() === ending;
  return isWhole ? [target, '--overwrite'] : [target + ending];
}

function resultOf(end: Ended | null, isStopped: boolean, lastOutput: string): string | null {
  if (end?.type === 'exportFinished') return end.path;
  if (isStopped || end?.error.code === 'CANCELLED') return null;
  throw new SplitreelError(end?.error ?? unforeseen(lastOutput));
}

const unforeseen = (details: string): AppError => appError('INTERNAL', {}, { details });
