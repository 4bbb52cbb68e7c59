/** Programs that the app starts. */
import type { SignalName } from '../../shared/message-kinds';

export interface RunOptions {
  readonly args: readonly string[];
  /** The complete environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Written to stdin, which is then closed; without it, stdin is empty. */
  readonly input?: string;
  /** A timeout or a signal also ends everything that the program has started. */
  readonly isGroup?: boolean;
  /** Each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
  /** More output than this ends the program. */
  readonly maxOutputBytes?: number;
}

export type RunOutcome =
  | { readonly kind: 'exited'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'signaled'; readonly signal: SignalName; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'timedOut'; readonly stdout: string; readonly stderr: string }
  /** More than `maxOutputBytes`; includes the output up to then. */
  | { readonly kind: 'tooMuchOutput'; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'canceled' }
  | { readonly kind: 'notFound' }
  | { readonly kind: 'failed'; readonly problem: string };

/** How a process ended; `problem` if it couldn't be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: SignalName | null;
  readonly problem: string | null;
}

/** A process with a separate pipe for events, in addition to stdin, stdout and stderr. */
export interface WorkerProcess {
  readonly pid: number | null;
  readonly writeLine: (line: string) => void;
  /** Closes stdin, which ends the worker. */
  readonly endInput: () => void;
  readonly onEventBytes: (listener: (chunk: Uint8Array) => void) => void;
  /** stdout and stderr, for the log. */
  readonly onOutput: (listener: (text: string) => void) => void;
  /** Once, when the process has ended and its pipes are closed. */
  readonly exited: Promise<Exit>;
  /** Signals the whole process group. */
  readonly kill: (signal: 'SIGTERM' | 'SIGKILL') => void;
}

export interface ProcessRecord {
  readonly pid: number;
  readonly parentPid: number;
  /** Since boot, in the system's own unit: with the pid it identifies one process. */
  readonly startTime: string;
  readonly commandLine: string;
}

export interface Processes {
  readonly run: (file: string, options: RunOptions) => Promise<RunOutcome>;
  readonly startWorker: (
    file: string,
    options: {
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
    },
  ) => WorkerProcess;
  /** Null if there is no such process, or if the platform can't list processes. */
  readonly find: (pid: number) => Promise<ProcessRecord | null>;
  /** The process and all its descendants, children before parents. */
  readonly tree: (pid: number) => Promise<readonly ProcessRecord[]>;
  readonly killPid: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void;
}
