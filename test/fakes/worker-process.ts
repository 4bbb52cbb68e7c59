/** A process that has sent these events and ended. */
import type { WorkerProcess } from '../../src/main/ports/processes';

export function finishedWorker(events: readonly object[], { code = 0, output = '' } = {}): WorkerProcess {
  const bytes = new TextEncoder().encode(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return {
    pid: null,
    writeLine: () => undefined,
    endInput: () => undefined,
    onEventBytes: (listener) => listener(bytes),
    onOutput: (listener) => {
      if (output !== '') listener(output);
    },
    exited: Promise.resolve({ code, signal: null, problem: null }),
    kill: () => undefined,
  };
}
