/**
 * Joins videos to the ones they continue. Pending joins are derived from the list of jobs, so they are also made after
 * a restart.
 */
import path from 'node:path';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { checkContinuation } from '../../shared/continuation';
import { sequentially } from '../../shared/sequentially';
import type { Job, JobInput, JobJoin } from '../../shared/job';
import type { JobStore } from '../jobs/job-store';
import { writeError } from '../ports/files';
import type { Log } from '../ports/log';
import type { FileCommandRun } from './file-command';
import type { Library } from './library';
import { stemOf } from './stem';

export interface ContinuationPorts {
  readonly log: Log;
  /** Starts the command that joins two videos. */
  readonly startJoin: (first: string, second: string, target: string) => Promise<FileCommandRun>;
  readonly library: Pick<Library, 'get' | 'fileOf' | 'add'>;
  /** False while the drive with the videos is away. */
  readonly hasVideosFolder: () => Promise<boolean>;
  readonly jobs: Pick<JobStore, 'get' | 'find' | 'apply' | 'sequentially'>;
  readonly notify: (problem: AppError) => void;
}

export interface Continuations {
  /** Throws VIDEO_NOT_FOUND or REQUEST_INVALID for a job whose video couldn't be joined to the one it continues. */
  readonly check: (inputs: readonly JobInput[]) => void;
  /** Joins the videos of a finished job that continues one; ignores other jobs. */
  readonly join: (jobId: string) => Promise<void>;
  /** Makes the joins that earlier runs left. */
  readonly resume: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Errors that another attempt can't fix; all others are retried at the next start. */
const FINAL = new Set<string>([
  'CONTINUED_VIDEO_MISSING',
  'VIDEO_NOT_FOUND',
  'VIDEOS_NOT_JOINABLE',
  'VIDEO_UNREADABLE',
  'METADATA_UNREADABLE',
]);
const CONTINUED = /-continued(_\d+)?$/;

export function createContinuations(ports: ContinuationPorts): Continuations {
  const { jobs, library, log } = ports;
  const oneByOne = sequentially();
  let running: FileCommandRun | null = null;
  let isStopped = false;

  const run = async (first: string, second: string, target: string): Promise<string | null> => {
    if (isStopped) return null;
    running = await ports.startJoin(first, second, target);
    return running.result.finally(() => {
      running = null;
    });
  };
  /** Null if the app closes before it is done. */
  const joinPart = async ({ continues }: Job, partId: string): Promise<JobJoin | null> => {
    if (continues === undefined) return null;
    const first = await library.fileOf(continues.videoId).catch(() => {
      throw new SplitreelError(appError('CONTINUED_VIDEO_MISSING', { file: continues.fileName }));
    });
    const part = await library.fileOf(partId);
    const done = joinedOf(library, part);
    if (done !== undefined) return { partId, joinedId: done, error: null };
    const stem = stemOf(first).replace(CONTINUED, '');
    const joined = await run(first, part, path.join(path.dirname(part), `${stem}-continued.mp4`));
    if (joined === null) return null;
    const [joinedId = null] = await library.add([joined]);
    return { partId, joinedId, error: null };
  };
  const joinAll = async (jobId: string): Promise<void> => {
    const job = jobs.find(jobId);
    if (job?.continues === undefined || job.state.status !== 'finished') return;
    const { videoIds, joins = [] } = job.state;
    for (const partId of videoIds.filter((id) => !joins.some((join) => join.partId === id))) {
      const join = await joinPart(job, partId).catch((thrown: unknown) => {
        const error = writeError(thrown, job.continues?.fileName ?? '');
        ports.notify(error);
        return FINAL.has(error.code) ? { partId, joinedId: null, error } : null;
      });
      if (join !== null) await jobs.sequentially(() => jobs.apply(jobId, { type: 'joined', join }));
    }
  };
  const join = (jobId: string): Promise<void> =>
    oneByOne(() => joinAll(jobId)).catch((error: unknown) => log.error('a continuation could not be joined', error));
  return {
    check: (inputs) => {
      for (const input of inputs) checkInput(input, library);
    },
    join,
    resume: async () => {
      // Otherwise every video would count as deleted.
      if (!(await ports.hasVideosFolder())) return;
      for (const { id } of jobs.get()) await join(id);
    },
    stop: async () => {
      isStopped = true;
      await running?.stop();
    },
  };
}

function checkInput({ continues, request }: JobInput, library: ContinuationPorts['library']): void {
  if (continues === undefined) return;
  const video = library.get().find(({ id }) => id === continues.videoId);
  if (video === undefined) throw new SplitreelError(appError('VIDEO_NOT_FOUND'));
  const reasons = checkContinuation(video.metadata.request, request);
  if (reasons.length > 0) throw new SplitreelError(appError('REQUEST_INVALID', {}, { reasons }));
}

/** The app may have closed after the file was written but before the job was updated. */
const joinedOf = (library: ContinuationPorts['library'], part: string): string | undefined =>
  library.get().find(({ metadata }) => metadata.parts?.at(-1)?.fileName === path.basename(part))?.id;
