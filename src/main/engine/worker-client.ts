/** Runs one supervisor process and turns its end into an error for the user. Knows nothing about jobs. */
import { appError, type AppError } from '../../shared/errors';
import { workerCommandSchema, workerEventSchema, type WorkerCommand, type WorkerEvent } from '../../shared/protocol';
import {
  attachJsonLines,
  type Ending,
  type JsonLinesOptions,
  type JsonLinesProcess,
} from '../json-lines/json-lines-process';

/** Ten missed heartbeats: an overloaded machine may miss some, a stopped supervisor misses all. */
const HUNG_AFTER_MS = 10_000;

export interface WorkerClient extends Pick<JsonLinesProcess<WorkerCommand>, 'pid' | 'send' | 'stop'> {
  /** Why it ended; null when `stop` ended it. Resolves once all of its processes have ended. */
  readonly ended: Promise<AppError | null>;
}

export type WorkerClientOptions = Pick<
  JsonLinesOptions<WorkerCommand, WorkerEvent>,
  'process' | 'processes' | 'clock' | 'log' | 'onEvent' | 'hungAfterMs' | 'rungMs'
>;

export function attachWorker(options: WorkerClientOptions): WorkerClient {
  const worker = attachJsonLines({
    hungAfterMs: HUNG_AFTER_MS,
    ...options,
    name: 'engine',
    commandSchema: workerCommandSchema,
    eventSchema: workerEventSchema,
    isNumbered: true,
  });
  return { ...worker, ended: worker.ended.then(errorOf) };
}

function errorOf(ending: Ending & { readonly lastOutput: string }): AppError | null {
  const details = ending.lastOutput;
  switch (ending.kind) {
    case 'stopped':
      return null;
    case 'protocolBroken':
      return appError('PROTOCOL_BROKEN', {}, { details: ending.problem });
    case 'hung':
      return appError('WORKER_HUNG', { silentMs: ending.silentMs }, { details });
    case 'timedOut':
      return appError('WORKER_DIED', { exit: 'no exit code' }, { details });
    case 'exited': {
      const { problem, signal, code } = ending.exit;
      if (problem !== null) return appError('WORKER_START_FAILED', {}, { details: problem });
      return appError('WORKER_DIED', { exit: signal ?? code ?? 'no exit code' }, { details });
    }
  }
}
