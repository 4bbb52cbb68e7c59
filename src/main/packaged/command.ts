/**
 * `splitreel COMMAND` of the installed app. The launcher passes the command after `--`. It has to run before Chromium
 * starts, because Chromium needs a display and a command doesn't. So it runs in a worker thread while this thread waits,
 * and the process exits before Electron becomes ready.
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';

/** A worker thread that fails to load its code can't report that to this blocked thread. */
const START_TIMEOUT_MS = 30_000;

export interface CommandData {
  /** [0] is 0 before the command starts, 1 while it runs and 2 once it has ended with the exit code in [1]. */
  readonly state: SharedArrayBuffer;
  readonly args: readonly string[];
  /** Holds `python` and `resources`. */
  readonly appFolder: string;
  readonly version: string;
}

export interface CommandOptions extends Pick<CommandData, 'appFolder' | 'version'> {
  /** Loaded first in the thread, if the runtime needs it. */
  readonly polyfill: string | undefined;
  readonly onFailedStart: (message: string) => void;
}

/** The arguments after `--`, or null if the window should open. */
export function commandIn(argv: readonly string[]): readonly string[] | null {
  const separator = argv.indexOf('--');
  return separator === -1 ? null : argv.slice(separator + 1);
}

/** Does not return. */
export function runCommand(
  args: readonly string[],
  { appFolder, version, polyfill, onFailedStart }: CommandOptions,
): never {
  const state = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const view = new Int32Array(state);
  const workerData: CommandData = { state, args, appFolder, version };
  new Worker(path.join(__dirname, 'command.cjs'), {
    workerData,
    ...(polyfill === undefined ? {} : { execArgv: ['--require', polyfill] }),
  });
  if (Atomics.wait(view, 0, 0, START_TIMEOUT_MS) === 'timed-out') {
    onFailedStart("Splitreel couldn't start the command. Reinstall the package.");
    process.exit(5);
  }
  Atomics.wait(view, 0, 1);
  process.exit(view[1]);
}
