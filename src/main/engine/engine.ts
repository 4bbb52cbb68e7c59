/** The supervisor across its lives: started when the environment is ready, started again when it dies. */
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import type { Slices } from '../../shared/ipc';
import type { WorkerCommand, WorkerEvent } from '../../shared/protocol';
import type { Clock } from '../ports/clock';
import type { Random } from '../ports/random';
import type { WorkerProcess } from '../ports/processes';
import { attachWorker, type WorkerClient } from './worker-client';
import { endOrphan, rememberWorker, type OrphanPorts } from './orphans';

export type EngineState = Slices['engine'];

export const STOPPED_ENGINE: EngineState = {
  status: 'stopped',
  modelId: null,
  rankCount: 0,
  kernels: [],
  error: null,
};

/** A worker that dies this often without ever being ready will not get better by itself. */
const MAX_STARTS_WITHOUT_READY = 3;
const TOKEN_TIMEOUT_MS = 20_000;

export interface EnginePorts extends OrphanPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Starts the supervisor of the environment that is current; null where there is none. */
  readonly startProcess: () => Promise<WorkerProcess | null>;
}

export interface EngineOptions {
  readonly pidFile: string;
  readonly onState: (state: EngineState) => void;
  /** Events of jobs. */
  readonly onEvent: (event: WorkerEvent) => void;
  /** The worker has gone, with all its ranks: whatever ran has failed with this. */
  readonly onLost: (error: AppError) => void;
  readonly hungAfterMs?: number;
  readonly rungMs?: number;
}

export interface Engine {
  /** Starts the worker where there is none; safe to call again. */
  readonly start: () => Promise<void>;
  readonly send: (command: WorkerCommand) => boolean;
  readonly isReady: () => boolean;
  /** Ends the ranks and frees their memory; the next job starts cold. */
  readonly unload: () => void;
  readonly countTokens: (modelPath: string, text: string) => Promise<{ tokens: number; max: number } | null>;
  readonly stop: () => Promise<void>;
}

interface Counting {
  readonly resolve: (counted: { tokens: number; max: number } | null) => void;
  readonly reject: (error: unknown) => void;
}

export function createEngine(ports: EnginePorts, options: EngineOptions): Engine {
  const { clock, log } = ports;
  let client: WorkerClient | null = null;
  let starting: Promise<void> | null = null;
  let isReady = false;
  let isStopped = false;
  let startsWithoutReady = 0;
  let state: EngineState = STOPPED_ENGINE;
  const countings = new Map<string, Counting>();

  const setState = (next: EngineState): void => {
    state = next;
    options.onState(next);
  };

  const onEvent = (event: WorkerEvent): void => {
    switch (event.type) {
      case 'ready':
        isReady = true;
        startsWithoutReady = 0;
        if (state.status === 'starting') setState({ ...state, status: 'importing' });
        return;
      case 'engineStateChanged':
        setState({ ...state, status: event.state, modelId: event.modelId, rankCount: event.ranks.length, error: null });
        options.onEvent(event);
        return;
      case 'kernelsFound':
        setState({ ...state, kernels: event.kernels });
        return;
      case 'tokensCounted':
        countings.get(event.requestId)?.resolve({ tokens: event.tokens, max: event.max });
        return;
      case 'requestFailed':
        countings.get(event.requestId)?.reject(new SplitreelError(event.error));
        return;
      case 'logged':
        log.info(`engine ${event.level}: ${event.message}`);
        return;
      case 'heartbeat':
        return;
      default:
        options.onEvent(event);
    }
  };

  const onEnded = (error: AppError | null): void => {
    client = null;
    isReady = false;
    for (const counting of countings.values()) counting.resolve(null);
    if (error === null || isStopped) {
      setState(STOPPED_ENGINE);
      return;
    }
    log.error(`the engine ended: ${error.code} ${JSON.stringify(error.params)}`);
    const willRestart = startsWithoutReady < MAX_STARTS_WITHOUT_READY;
    setState({ ...STOPPED_ENGINE, status: willRestart ? 'starting' : 'failed', error });
    if (willRestart) clock.after(200, () => void start());
    options.onLost(error);
  };

  const launch = async (): Promise<void> => {
    await endOrphan(ports, options.pidFile);
    const process = await ports.startProcess();
    if (process === null) return;
    startsWithoutReady += 1;
    setState({ ...STOPPED_ENGINE, status: 'starting' });
    const { hungAfterMs, rungMs } = options;
    client = attachWorker({
      process,
      processes: ports.processes,
      clock,
      log,
      onEvent,
      ...(hungAfterMs === undefined ? {} : { hungAfterMs }),
      ...(rungMs === undefined ? {} : { rungMs }),
    });
    void client.ended.then(onEnded);
    if (process.pid !== null) await rememberWorker(ports, options.pidFile, process.pid);
  };

  const start = async (): Promise<void> => {
    isStopped = false;
    if (client !== null) return;
    starting ??= launch()
      .catch((error: unknown) => {
        const problem = error instanceof Error ? error.message : String(error);
        setState({ ...STOPPED_ENGINE, status: 'failed', error: appError('WORKER_START_FAILED', { problem }) });
      })
      .finally(() => {
        starting = null;
      });
    await starting;
  };

  const send = (command: WorkerCommand): boolean => {
    if (client === null || !isReady) return false;
    client.send(command);
    return true;
  };

  return {
    start,
    isReady: () => client !== null && isReady,
    send,
    unload: () => void send({ type: 'unload' }),
    countTokens: async (modelPath, text) => {
      if (client === null || !isReady) return null;
      const requestId = ports.random.id();
      client.send({ type: 'countTokens', requestId, modelPath, text });
      const stopTimer: { run: () => void } = { run: () => undefined };
      try {
        return await new Promise<{ tokens: number; max: number } | null>((resolve, reject) => {
          countings.set(requestId, { resolve, reject });
          stopTimer.run = clock.after(TOKEN_TIMEOUT_MS, () => resolve(null));
        });
      } finally {
        stopTimer.run();
        countings.delete(requestId);
      }
    },
    stop: async () => {
      isStopped = true;
      await starting;
      startsWithoutReady = 0;
      await client?.stop();
      await ports.files.remove(options.pidFile);
    },
  };
}
