import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { nodeClock } from '../adapters/node/clock';
import { SILENT_LOG } from '../ports/log';
import type { Exit, WorkerProcess } from '../ports/processes';
import { attachJsonLines, type JsonLinesOptions } from './json-lines-process';

const commandSchema = z.object({ type: z.literal('go'), count: z.number() });
const eventSchema = z.object({ type: z.literal('went'), count: z.number() });
type Command = z.infer<typeof commandSchema>;
type Event = z.infer<typeof eventSchema>;

let written: string[] = [];
let killed: string[] = [];
let sendBytes: (chunk: Uint8Array) => void = () => undefined;
let print: (text: string) => void = () => undefined;
let exit: (how: Exit) => void = () => undefined;
let events: Event[] = [];

const send = (text: string): void => sendBytes(Buffer.from(text));

/** Ends when its stdin closes, unless a flag makes it ignore that. */
function fakeProcess({ ignoresStdin = false } = {}): WorkerProcess {
  const exited = new Promise<Exit>((resolve) => {
    exit = resolve;
  });
  return {
    pid: null,
    writeLine: (line) => void written.push(line),
    endInput: () => {
      if (!ignoresStdin) exit({ code: 0, signal: null, problem: null });
    },
    onEventBytes: (listener) => {
      sendBytes = listener;
    },
    onOutput: (listener) => {
      print = listener;
    },
    exited,
    kill: (signal) => {
      killed.push(signal);
      exit({ code: null, signal, problem: null });
    },
  };
}

function attach(options: Partial<JsonLinesOptions<Command, Event>> = {}) {
  return attachJsonLines<Command, Event>({
    name: 'worker',
    processes: { tree: () => Promise.resolve([]), find: () => Promise.resolve(null), killPid: () => undefined },
    clock: nodeClock,
    log: SILENT_LOG,
    commandSchema,
    eventSchema,
    onEvent: (event) => void events.push(event),
    rungMs: 50,
    ...options,
    process: options.process ?? fakeProcess(),
  });
}

beforeEach(() => {
  written = [];
  killed = [];
  events = [];
});

test('sends commands and receives parsed events', async () => {
  const worker = attach();
  worker.send({ type: 'go', count: 1 });
  expect(written).toEqual(['{"type":"go","count":1}']);
  send('{"type":"went","count":1,"more":true}\n{"type":"went",');
  send('"count":2}\n');
  expect(events).toEqual([
    { type: 'went', count: 1 },
    { type: 'went', count: 2 },
  ]);
  await worker.stop();
  expect((await worker.ended).kind).toBe('stopped');
});

test('a command that does not match its schema is not sent', async () => {
  const worker = attach();
  expect(() => worker.send({ type: 'go', count: 'many' } as never)).toThrow();
  expect(written).toEqual([]);
  await worker.stop();
});

test.each([
  ['no JSON', 'nonsense\n', /not JSON/],
  ['an unknown event', '{"type":"flew"}\n', /went/],
  ['an event with a wrong field', '{"type":"went","count":"x"}\n', /count/],
  ['a line without end', 'x'.repeat(1_100_000), /too long/],
])('%s ends the process', async (_name, text, problem) => {
  const worker = attach();
  send(`{"type":"went","count":1}\n`);
  send(text);
  send('{"type":"went","count":2}\n');
  const ending = await worker.ended;
  expect(ending.kind === 'protocolBroken' ? ending.problem : ending.kind).toMatch(problem);
  // Earlier events arrive, later ones don't.
  expect(events).toEqual([{ type: 'went', count: 1 }]);
});

test.each([
  ['a gap', '{"v":1,"seq":1,"type":"went","count":1}\n{"v":1,"seq":3,"type":"went","count":3}\n', 1],
  ['a repetition', '{"v":1,"seq":1,"type":"went","count":1}\n{"v":1,"seq":1,"type":"went","count":1}\n', 1],
  ['another version', '{"v":2,"seq":1,"type":"went","count":1}\n', 0],
  ['no number', '{"type":"went","count":1}\n', 0],
])('%s in a numbered protocol ends the process', async (_name, text, accepted) => {
  const worker = attach({ isNumbered: true });
  send(text);
  expect((await worker.ended).kind).toBe('protocolBroken');
  expect(events).toHaveLength(accepted);
});

test('its output is kept, separately from its events', async () => {
  const worker = attach();
  print('NCCL version 2.27\n');
  send('{"type":"went","count":1}\n');
  print('from stderr');
  exit({ code: 3, signal: null, problem: null });
  const ending = await worker.ended;
  expect(ending).toMatchObject({ kind: 'exited', exit: { code: 3 } });
  expect(ending.lastOutput).toBe('NCCL version 2.27\nfrom stderr');
  expect(events).toHaveLength(1);
});

test('a process that ignores its stdin is killed', async () => {
  const worker = attach({ process: fakeProcess({ ignoresStdin: true }) });
  await worker.stop();
  expect(killed).toContain('SIGTERM');
});

test('a process that exceeds its time limit is ended', async () => {
  let expire: () => void = () => undefined;
  const clock = {
    ...nodeClock,
    after: (delayMs: number, run: () => void) => {
      if (delayMs !== 60_000) return nodeClock.after(delayMs, run);
      expire = run;
      return () => undefined;
    },
  };
  const worker = attach({ clock, timeLimitMs: 60_000 });
  expire();
  expect((await worker.ended).kind).toBe('timedOut');
});

test('a process that misses its heartbeats is ended', async () => {
  const worker = attach({ hungAfterMs: 40 });
  expect(await worker.ended).toMatchObject({ kind: 'hung' });
});
