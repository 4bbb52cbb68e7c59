/**
 * One life of one supervisor: its events parsed and in order, its heartbeat watched, its end made certain. Knows
 * nothing of jobs.
 */
import { appError, type AppError } from '../../shared/errors';
import {
  HEARTBEAT_INTERVAL_MS,
  workerEventLineSchema,
  type WorkerCommand,
  type WorkerEvent,
} from '../../shared/protocol';
import { sleep, type Clock } from '../ports/clock';
import type { Log } from '../ports/log';
import type { Exit, Processes, WorkerProcess } from '../ports/processes';
import { createLineSplitter } from './line-splitter';

/** Ten missed heartbeats: a machine at its limits may miss some, a stopped supervisor misses all. */
export const HUNG_AFTER_MS = 10_000;
/** For each rung of the ladder: stdin closed, SIGTERM, SIGKILL. */
export const RUNG_MS = 1_500;
const LAST_OUTPUT_CHARACTERS = 4_000;

export interface WorkerClient {
  readonly pid: number | null;
  readonly send: (command: WorkerCommand) => void;
  /** Ends the process and all that it started; resolves when nothing of it is left. */
  readonly stop: () => Promise<void>;
  /** Why it ended; null when `stop` was what ended it. Resolves once all of its processes have gone. */
  readonly ended: Promise<AppError | null>;
}

export interface WorkerClientOptions {
  readonly process: WorkerProcess;
  readonly processes: Pick<Processes, 'tree' | 'find' | 'killPid'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent: (event: WorkerEvent) => void;
  readonly hungAfterMs?: number;
  readonly rungMs?: number;
}

export function attachWorker(options: WorkerClientOptions): WorkerClient {
  const { process: worker, processes, clock, log, onEvent } = options;
  const hungAfterMs = options.hungAfterMs ?? HUNG_AFTER_MS;
  const rungMs = options.rungMs ?? RUNG_MS;
  let fault: AppError | null = null;
  let isStopping = false;
  let hasEnded = false;
  let stopping: Promise<void> | null = null;
  let lastOutput = '';
  let lastSeq = 0;

  const stop = (): Promise<void> => {
    isStopping = true;
    stopping ??= endWithLadder(worker, processes, clock, rungMs, () => hasEnded);
    return stopping;
  };
  const fail = (error: AppError): void => {
    if (fault !== null || isStopping) return;
    fault = error;
    log.error(`the engine is ended: ${error.code}`);
    stopping ??= endWithLadder(worker, processes, clock, rungMs, () => hasEnded);
  };

  const splitter = createLineSplitter();
  worker.onEventBytes((chunk) => {
    if (fault !== null) return;
    const problem = takeLines(splitter.push(chunk));
    if (problem !== null) fail(appError('PROTOCOL_BROKEN', {}, { details: problem }));
  });
  /** What is wrong with the first line that is wrong; those before it have been heard. */
  const takeLines = (lines: readonly string[] | null): string | null => {
    if (lines === null) return 'a line is too long';
    for (const line of lines) {
      const event = parseEvent(line, lastSeq);
      if (typeof event === 'string') return event;
      lastSeq = event.seq;
      watchdog.touch();
      onEvent(event);
    }
    return null;
  };
  worker.onOutput((text) => {
    lastOutput = (lastOutput + text).slice(-LAST_OUTPUT_CHARACTERS);
    log.info(`engine: ${text.trimEnd()}`);
  });
  const watchdog = startWatchdog(clock, hungAfterMs, (silentMs) => {
    fail(appError('WORKER_HUNG', { seconds: Math.round(silentMs / 1_000) }, { details: lastOutput }));
  });

  const ended = worker.exited.then(async (exit) => {
    hasEnded = true;
    watchdog.stop();
    await stopping;
    // What it left behind in its process group, had it died without a chance to end its ranks.
    worker.kill('SIGKILL');
    if (fault !== null) return fault;
    return isStopping ? null : endedAlone(exit, lastOutput);
  });
  return {
    pid: worker.pid,
    send: (command) => worker.writeLine(JSON.stringify(command)),
    stop: async () => {
      await stop();
      await ended;
    },
    ended,
  };
}

function endedAlone(exit: Exit, lastOutput: string): AppError {
  if (exit.problem !== null) return appError('WORKER_START_FAILED', { problem: exit.problem });
  const cause = exit.signal ?? `exit code ${String(exit.code)}`;
  return appError('WORKER_DIED', { cause }, { details: lastOutput });
}

/** The event, or what is wrong with the line. */
function parseEvent(line: string, lastSeq: number): (WorkerEvent & { readonly seq: number }) | string {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return `not JSON: ${line.slice(0, 500)}`;
  }
  const parsed = workerEventLineSchema.safeParse(raw);
  if (!parsed.success) return `${parsed.error.message}: ${line.slice(0, 500)}`;
  if (parsed.data.seq !== lastSeq + 1) return `event ${String(parsed.data.seq)} came after ${String(lastSeq)}`;
  return parsed.data;
}

interface Watchdog {
  readonly touch: () => void;
  readonly stop: () => void;
}

/**
 * Counts silence in checks rather than by the clock alone: when this process itself stood still (the machine slept,
 * the app was stopped), the check after it comes late, and the silence before it says nothing about the worker.
 */
export function startWatchdog(clock: Clock, hungAfterMs: number, onHung: (silentMs: number) => void): Watchdog {
  const intervalMs = Math.min(HEARTBEAT_INTERVAL_MS, hungAfterMs / 4);
  let lastSignMs = clock.monotonicMs();
  let lastCheckMs = lastSignMs;
  const stop = clock.every(intervalMs, () => {
    const now = clock.monotonicMs();
    const wasAsleep = now - lastCheckMs > 3 * intervalMs;
    lastCheckMs = now;
    if (wasAsleep) lastSignMs = now;
    else if (now - lastSignMs > hungAfterMs) {
      stop();
      onHung(now - lastSignMs);
    }
  });
  return {
    touch: () => {
      lastSignMs = clock.monotonicMs();
    },
    stop,
  };
}

/** Closes stdin, then SIGTERM, then SIGKILL, to all that was started; waits until all of it has gone. */
async function endWithLadder(
  worker: WorkerProcess,
  processes: Pick<Processes, 'tree' | 'find' | 'killPid'>,
  clock: Clock,
  rungMs: number,
  hasEnded: () => boolean,
): Promise<void> {
  // Taken first: once the supervisor has gone its ranks are nobody's children.
  const family = worker.pid === null ? [] : await processes.tree(worker.pid);
  const remaining = async (): Promise<readonly number[]> => {
    const now = await Promise.all(family.map((member) => processes.find(member.pid)));
    return family.filter((member, index) => now[index]?.startTime === member.startTime).map(({ pid }) => pid);
  };
  const waitUntilGone = async (): Promise<boolean> => {
    const deadline = clock.monotonicMs() + rungMs;
    while (clock.monotonicMs() < deadline) {
      if (hasEnded() && (await remaining()).length === 0) return true;
      await sleep(clock, 25);
    }
    return false;
  };
  worker.endInput();
  if (await waitUntilGone()) return;
  worker.kill('SIGTERM');
  if (await waitUntilGone()) return;
  worker.kill('SIGKILL');
  for (const pid of await remaining()) processes.killPid(pid, 'SIGKILL');
  await waitUntilGone();
}
