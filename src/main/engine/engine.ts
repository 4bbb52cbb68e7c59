/** Runs the supervisor: starts it when the environment is ready and restarts it when it dies. */
import { appError, type AppError } from '../../shared/errors';
import type { Slices } from '../../shared/ipc';
import type { WorkerCommand, WorkerEvent } from '../../shared/protocol';
import type { Clock } from '../ports/clock';
import type { Random } from '../ports/random';
import type { WorkerProcess } from '../ports/processes';
import { attachWorker, type WorkerClient } from './worker-client';
import { singleFlight } from '../state/single-flight';
import { endOrphan, forgetWorker, rememberWorker, type OrphanPorts } from './orphans';
import { createTokenCounter } from './token-counter';

export type EngineState = Slices['engine'];

export const STOPPED_ENGINE: EngineState = {
  status: 'stopped',
  modelId: null,
  rankCount: 0,
  kernels: [],
  hasOwnKernels: true,
  error: null,
};

/** The engine may be stopped meanwhile: the app quits, or moves the environment. */
const RESTART_DELAY_MS = 200;
/** A worker that dies this often before it is ready isn't restarted again. */
const MAX_STARTS_WITHOUT_READY = 3;

export interface EnginePorts extends OrphanPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Starts the current environment's supervisor; null without an environment. */
  readonly startProcess: () => Promise<WorkerProcess | null>;
}

export interface EngineOptions {
  readonly pidFile: string;
  readonly onState: (state: EngineState) => void;
  /** Events of jobs. */
  readonly onEvent: (event: WorkerEvent) => void;
  /** The worker and all its ranks have ended: the running job failed with this error. */
  readonly onLost: (error: AppError) => void;
  readonly hungAfterMs?: number;
  readonly rungMs?: number;
}

export interface Engine {
  /** Starts the worker if none is running; safe to call again. */
  readonly start: () => Promise<void>;
  readonly send: (command: WorkerCommand) => boolean;
  readonly isReady: () => boolean;
  /** Ends the ranks and frees their memory; the next job starts cold. */
  readonly unload: () => void;
  readonly countTokens: (modelPath: string, text: string) => Promise<{ tokens: number; max: number } | null>;
  readonly stop: () => Promise<void>;
}

export function createEngine(ports: EnginePorts, options: EngineOptions): Engine {
  const { clock, log } = ports;
  let client: WorkerClient | null = null;
  let isReady = false;
  let isStopped = false;
  let startsWithoutReady = 0;
  let state: EngineState = STOPPED_ENGINE;

  const setState = (next: EngineState): void => {
    state = next;
    options.onState(next);
  };
  const send = (command: WorkerCommand): boolean => {
    if (client === null || !isReady) return false;
    client.send(command);
    return true;
  };
  const tokens = createTokenCounter(ports, send);

  const onEvent = (event: WorkerEvent): void => {
    if (event.type === 'ready') {
      isReady = true;
      startsWithoutReady = 0;
    }
    if (event.type === 'logged') log.info(`engine ${event.level}: ${event.message}`);
    const next = stateAfter(state, event);
    if (next !== state) setState(next);
    tokens.onEvent(event);
    if (!isForEngineAlone(event)) options.onEvent(event);
  };

  const onEnded = (error: AppError | null): void => {
    client = null;
    isReady = false;
    tokens.abandon();
    if (error === null || isStopped) setState(STOPPED_ENGINE);
    else {
      log.error(`the engine ended: ${error.code} ${JSON.stringify(error.params)}`);
      const willRestart = startsWithoutReady < MAX_STARTS_WITHOUT_READY;
      setState({ ...STOPPED_ENGINE, status: willRestart ? 'starting' : 'failed', error });
      if (willRestart) clock.after(RESTART_DELAY_MS, () => void (isStopped ? null : start()));
    }
    options.onLost(error ?? appError('WORKER_STOPPED'));
  };

  const launching = singleFlight(async (): Promise<void> => {
    try {
      await endOrphan(ports, options.pidFile);
      const process = await ports.startProcess();
      if (process === null) return;
      startsWithoutReady += 1;
      setState({ ...STOPPED_ENGINE, status: 'starting' });
      client = attachWorker({ ...limitsOf(options), process, processes: ports.processes, clock, log, onEvent });
      void client.ended.then(onEnded);
      if (process.pid !== null) await rememberWorker(ports, options.pidFile, process.pid);
    } catch (error) {
      setState({ ...STOPPED_ENGINE, status: 'failed', error: startFailure(error) });
    }
  });
  const start = async (): Promise<void> => {
    isStopped = false;
    if (client === null) await launching.run();
  };

  return {
    start,
    isReady: () => client !== null && isReady,
    send,
    unload: () => void send({ type: 'unload' }),
    countTokens: tokens.count,
    stop: async () => {
      isStopped = true;
      await launching.current();
      startsWithoutReady = 0;
      await client?.stop();
      await forgetWorker(ports, options.pidFile);
    },
  };
}

/** The state after an event; the same object if nothing changes. */
function stateAfter(state: EngineState, event: WorkerEvent): EngineState {
  switch (event.type) {
    case 'ready':
      return state.status === 'starting' ? { ...state, status: 'importing' } : state;
    case 'engineStateChanged':
      return { ...state, status: event.state, modelId: event.modelId, rankCount: event.ranks.length, error: null };
    case 'kernelsFound':
      return { ...state, kernels: event.kernels, hasOwnKernels: event.hasOwnKernels };
    default:
      return state;
  }
}

const ENGINE_EVENTS: readonly WorkerEvent['type'][] = [
  'ready',
  'kernelsFound',
  'tokensCounted',
  'requestFailed',
  'logged',
  'heartbeat',
];
/** False for events that belong to jobs. */
const isForEngineAlone = ({ type }: WorkerEvent): boolean => ENGINE_EVENTS.includes(type);

const startFailure = (error: unknown): AppError =>
  appError('WORKER_START_FAILED', {}, { details: error instanceof Error ? error.message : String(error) });

const limitsOf = ({ hungAfterMs, rungMs }: EngineOptions) => ({
  ...(hungAfterMs === undefined ? {} : { hungAfterMs }),
  ...(rungMs === undefined ? {} : { rungMs }),
});
