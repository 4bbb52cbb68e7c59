/** Copies of videos in other formats: a process of `splitreel export` for each, with its progress for the window. */
import path from 'node:path';
import { EXPORT_EXTENSIONS, type ExportRequest, type ExportState } from '../../shared/export';
import type { Random } from '../ports/random';
import { currentPython, startFileCommand, type FileCommandPorts } from './file-command';

export interface ExportPorts extends FileCommandPorts {
  readonly random: Random;
}

export interface ExportJob {
  readonly videoId: string;
  readonly file: string;
  /** A missing file extension is added. */
  readonly target: string;
  /** True: a dialog has asked whether an existing file with exactly this name may be replaced. */
  readonly mayReplace: boolean;
  readonly request: ExportRequest;
}

export interface Exports {
  /** Exports one after the other. Returns the paths of the copies, fewer if canceled. Throws on an error. */
  readonly run: (jobs: readonly ExportJob[]) => Promise<readonly string[]>;
  readonly cancel: (exportId: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

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
    const current = await currentPython(ports);
    const id = ports.random.id();
    const paths: string[] = [];
    const canceled = new AbortController();
    try {
      for (const [videoIndex, job] of jobs.entries()) {
        const { videoId, request } = job;
        const state = { id, videoId, videoIndex, videoCount: jobs.length, format: request.format, done: 0, total: 0 };
        set([...states.filter((other) => other.id !== id), state]);
        const { stop, result } = startFileCommand(ports, current, argsOf(job), (progress) => change(id, progress));
        stops.set(id, () => {
          canceled.abort();
          return stop();
        });
        const copied = await result;
        if (copied !== null) paths.push(copied);
        if (copied === null || canceled.signal.aborted) break;
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

const argsOf = (job: ExportJob): readonly [string, ...string[]] => [
  'export',
  ...exportFlags(job.request),
  job.file,
  ...targetOf(job),
];

const exportFlags = ({ format, fps, scale, frame }: ExportRequest): readonly string[] => [
  `--format=${format}`,
  `--scale=${String(scale)}`,
  ...(fps === null ? [] : [`--fps=${String(fps)}`]),
  ...(frame === null ? [] : [`--frame=${String(frame)}`]),
];

function targetOf({ target, mayReplace, request }: ExportJob): readonly string[] {
  const ending = EXPORT_EXTENSIONS[request.format];
  const isWhole = ending === '' || path.extname(target).toLowerCase() === ending;
  if (!isWhole) return [target + ending];
  return mayReplace ? [target, '--overwrite'] : [target];
}
