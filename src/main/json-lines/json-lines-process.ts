/**
 * Runs one child process that reads commands and sends events as lines of JSON. Parses both directions, keeps events in
 * order, notices silence and makes sure that the process ends. Knows nothing about the meaning of messages.
 */
import { z } from 'zod';
import { HEARTBEAT_INTERVAL_MS, PROTOCOL_VERSION } from '../../shared/limits';
import type { Clock } from '../ports/clock';
import type { Log } from '../ports/log';
import type { Exit, WorkerProcess } from '../ports/processes';
import { endProcess, RUNG_MS, type ProcessTable } from './end-process';
import { createLineSplitter } from './line-splitter';
import { startWatchdog, type Watchdog } from './watchdog';

const LAST_OUTPUT_CHARACTERS = 4_000;
const SHOWN_LINE_CHARACTERS = 500;
/** Separates a program's name from each line of its output in the log. */
export const OUTPUT_MARK = ' | ';

/** On each line of a numbered protocol; a gap shows that an event was lost. */
const envelopeSchema = z.object({ v: z.literal(PROTOCOL_VERSION), seq: z.number().int().positive() });

/** Why a process ended. */
export type Ending =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'protocolBroken'; readonly problem: string }
  | { readonly kind: 'hung'; readonly silentMs: number }
  | { readonly kind: 'timedOut' }
  | { readonly kind: 'exited'; readonly exit: Exit };

export interface JsonLinesOptions<Command, Event> {
  /** In the log, before the process's output. */
  readonly name: string;
  readonly process: WorkerProcess;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  readonly log: Log;
  readonly commandSchema: z.ZodType<Command>;
  readonly eventSchema: z.ZodType<Event>;
  readonly onEvent: (event: Event) => void;
  /** True: each event line also has `v` and a `seq` that counts from 1. */
  readonly isNumbered?: boolean;
  /** Silence after which a process that sends heartbeats counts as hung. */
  readonly hungAfterMs?: number;
  /** For the whole run of the process. */
  readonly timeLimitMs?: number;
  readonly rungMs?: number;
}

export interface JsonLinesProcess<Command> {
  readonly pid: number | null;
  /** Throws if the command doesn't match its schema. */
  readonly send: (command: Command) => void;
  /** Ends the process and everything it started; resolves when all of it has ended. */
  readonly stop: () => Promise<void>;
  /** Resolves once all of its processes have ended, with its last lines of output. */
  readonly ended: Promise<Ending & { readonly lastOutput: string }>;
}

export function attachJsonLines<Command, Event>(options: JsonLinesOptions<Command, Event>): JsonLinesProcess<Command> {
  const { process, clock, log, name } = options;
  const rungMs = options.rungMs ?? RUNG_MS;
  let cause: Ending | null = null;
  let hasExited = false;
  let ending: Promise<void> | null = null;
  let lastOutput = '';

  /** The first cause counts. */
  const end = (why: Ending): Promise<void> => {
    cause ??= why;
    ending ??= endProcess({ process, processes: options.processes, clock, rungMs, hasExited: () => hasExited });
    return ending;
  };
  const fail = (why: Ending): void => {
    if (cause !== null) return;
    log.error(`${name} is ended: ${why.kind}`);
    void end(why);
  };
  const keepOutput = (text: string): void => {
    lastOutput = (lastOutput + text).slice(-LAST_OUTPUT_CHARACTERS);
    for (const line of text.trimEnd().split(/[\r\n]+/)) log.info(`${name}${OUTPUT_MARK}${line}`);
  };

  const watchdog = watchdogOf(options, (silentMs) => fail({ kind: 'hung', silentMs }));
  const stopTimer =
    options.timeLimitMs === undefined
      ? () => undefined
      : clock.after(options.timeLimitMs, () => fail({ kind: 'timedOut' }));
  const parse = eventParser(options);
  const splitter = createLineSplitter();
  process.onEventBytes((chunk) => {
    const isOver = (): boolean => cause !== null && cause.kind !== 'stopped';
    if (isOver()) return;
    const lines = splitter.push(chunk);
    if (lines === null) fail({ kind: 'protocolBroken', problem: 'a line is too long' });
    for (const line of lines ?? []) {
      if (isOver()) return;
      const parsed = parse(line);
      if ('problem' in parsed) {
        fail({ kind: 'protocolBroken', problem: parsed.problem });
        return;
      }
      watchdog?.touch();
      options.onEvent(parsed.event);
    }
  });
  process.onOutput(keepOutput);

  const ended = process.exited.then(async (exit) => {
    hasExited = true;
    watchdog?.stop();
    stopTimer();
    await ending;
    // Ends the rest of its process group, in case it died without ending its children.
    process.kill('SIGKILL');
    return { ...(cause ?? { kind: 'exited' as const, exit }), lastOutput };
  });
  return {
    pid: process.pid,
    send: (command) => process.writeLine(JSON.stringify(options.commandSchema.parse(command))),
    stop: async () => {
      await end({ kind: 'stopped' });
      await ended;
    },
    ended,
  };
}

function watchdogOf(
  { clock, hungAfterMs }: Pick<JsonLinesOptions<never, never>, 'clock' | 'hungAfterMs'>,
  onHung: (silentMs: number) => void,
): Watchdog | null {
  if (hungAfterMs === undefined) return null;
  return startWatchdog(clock, { intervalMs: HEARTBEAT_INTERVAL_MS, hungAfterMs }, onHung);
}

type Parsed<Event> = { readonly event: Event } | { readonly problem: string };

/** Parses a line into an event or a problem. */
function eventParser<Event>({
  eventSchema,
  isNumbered = false,
}: Pick<JsonLinesOptions<never, Event>, 'eventSchema' | 'isNumbered'>): (line: string) => Parsed<Event> {
  let lastSeq = 0;
  return (line) => {
    const shown = line.slice(0, SHOWN_LINE_CHARACTERS);
    let raw: unknown;
    try {
      raw = JSON.parse(line);
    } catch {
      return { problem: `not JSON: ${shown}` };
    }
    if (isNumbered) {
      const envelope = envelopeSchema.safeParse(raw);
      if (!envelope.success) return { problem: `${envelope.error.message}: ${shown}` };
      const { seq } = envelope.data;
      if (seq !== lastSeq + 1) return { problem: `event ${String(seq)} came after ${String(lastSeq)}` };
      lastSeq = seq;
    }
    const event = eventSchema.safeParse(raw);
    return event.success ? { event: event.data } : { problem: `${event.error.message}: ${shown}` };
  };
}
