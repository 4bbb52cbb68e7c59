import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import type { Exit, ProcessRecord, Processes, RunOptions, RunOutcome, WorkerProcess } from '../../ports/processes';

const DEFAULT_MAX_OUTPUT_BYTES = 8_388_608;
const KILL_AFTER_MS = 1_000;

async function run(file: string, options: RunOptions): Promise<RunOutcome> {
  const subprocess = execa(file, options.args, {
    env: { ...options.env },
    extendEnv: false,
    reject: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    detached: options.isGroup === true,
    stripFinalNewline: true,
    maxBuffer: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    // Don't wait for a program that ignores SIGTERM.
    forceKillAfterDelay: KILL_AFTER_MS,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  const { onLine } = options;
  if (onLine !== undefined) for (const stream of [subprocess.stdout, subprocess.stderr]) forEachLine(stream, onLine);
  const endWatch = options.isGroup === true ? endGroupInTime(subprocess.pid, options) : null;
  const result = await subprocess;
  endWatch?.();
  const output = { stdout: result.stdout, stderr: result.stderr };
  if (result.isCanceled) return { kind: 'canceled' };
  if (result.timedOut) return { kind: 'timedOut', ...output };
  if (result.isMaxBuffer) return { kind: 'tooMuchOutput', ...output };
  // An unreadable folder in PATH gives EACCES even for a program that is in none of the folders.
  const isBareName = !/[\\/]/.test(file);
  if (result.code === 'ENOENT' || (result.code === 'EACCES' && isBareName)) return { kind: 'notFound' };
  if (result.signal !== undefined) return { kind: 'signaled', signal: result.signal, ...output };
  if (result.exitCode !== undefined) return { kind: 'exited', code: result.exitCode, ...output };
  return { kind: 'failed', problem: result.originalMessage ?? 'it could not be started' };
}

/**
 * The timeout and the signal of a run reach its program only, and the run lasts until the output is closed, which any
 * descendant may hold open. Returns a function that ends whatever is left of the group.
 */
function endGroupInTime(pid: number | undefined, { timeoutMs, signal }: RunOptions): () => void {
  if (pid === undefined) return () => undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const end = (): void => {
    killGroup(pid, 'SIGTERM');
    killTimer ??= setTimeout(() => killGroup(pid, 'SIGKILL'), KILL_AFTER_MS);
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs);
  signal?.addEventListener('abort', end, { once: true });
  return () => {
    clearTimeout(timer);
    clearTimeout(killTimer);
    signal?.removeEventListener('abort', end);
    killGroup(pid, 'SIGKILL');
  };
}

/** Lines end with a line feed, or with the carriage return of a progress bar. */
function forEachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? '').slice(-4_096);
    for (const line of lines) onLine(line);
  });
}

function startWorker(file: string, options: Parameters<Processes['startWorker']>[1]): WorkerProcess {
  const child = spawn(file, [...options.args], {
    env: { ...options.env },
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    // Its own process group: Ctrl+C in a terminal reaches only the app, which then ends the worker properly, and
    // one signal reaches everything that the worker started.
    detached: true,
    windowsHide: true,
  });
  const events = child.stdio[3] as Readable | null;
  // Writing to a process that has ended fails with EPIPE; its exit is reported instead.
  for (const stream of [child.stdin, child.stdout, child.stderr, events]) stream?.on('error', () => undefined);
  return {
    pid: child.pid ?? null,
    writeLine: (line) => {
      if (child.stdin.writable) child.stdin.write(`${line}\n`);
    },
    endInput: () => {
      child.stdin.end();
    },
    onEventBytes: (listener) => {
      events?.on('data', (chunk: Uint8Array) => listener(chunk));
    },
    onOutput: (listener) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8');
        stream.on('data', (text: string) => listener(text));
      }
    },
    exited: exitOf(child),
    kill: (signal) => {
      if (child.pid !== undefined) killGroup(child.pid, signal);
    },
  };
}

/** How long the pipes of an exited process are still read: a descendant that holds one open must not block us. */
const PIPE_GRACE_MS = 500;

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, problem: error.message }));
    child.once('exit', (code, signal) => {
      const exit = { code, signal, problem: null };
      const timer = setTimeout(() => resolve(exit), PIPE_GRACE_MS);
      child.once('close', () => {
        clearTimeout(timer);
        resolve(exit);
      });
    });
  });
}

function killGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended. Another process may already have its pid.
  }
}

function killPid(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has already ended.
  }
}

/** /proc/PID/stat: the name in parentheses may hold anything, so fields are counted from its last parenthesis. */
async function read(pid: number): Promise<(ProcessRecord & { readonly isZombie: boolean }) | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent] = fields;
    const startTime = fields[19];
    if (parent === undefined || startTime === undefined) return null;
    const commandLine = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
    return { pid, parentPid: Number(parent), startTime, commandLine, isZombie: state === 'Z' };
  } catch {
    return null;
  }
}

async function find(pid: number): Promise<ProcessRecord | null> {
  const found = await read(pid);
  if (found === null || found.isZombie) return null;
  const { isZombie: _, ...record } = found;
  return record;
}

async function tree(pid: number): Promise<readonly ProcessRecord[]> {
  const root = await find(pid);
  if (root === null) return [];
  const names = await readdir('/proc').catch(() => []);
  const all = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => read(Number(name))));
  // A killed process may keep its children for a moment, until its threads have ended.
  const descend = (parent: ProcessRecord, isZombie: boolean): ProcessRecord[] => {
    const children = all.filter((record) => record !== null).filter(({ parentPid }) => parentPid === parent.pid);
    const below = children.flatMap(({ isZombie: isDead, ...record }) => descend(record, isDead));
    return isZombie ? below : [...below, parent];
  };
  return descend(root, false);
}

export const nodeProcesses: Processes = { run, startWorker, find, tree, killPid };
