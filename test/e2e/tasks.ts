/** Tasks of Electron's threads while something happens, from Chromium's own trace: their wall time and CPU time. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { _electron, expect, type ElectronApplication } from '@playwright/test';
import { programOf } from './harness';

interface TraceEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly name: string;
  readonly cat: string;
  /** Of a complete event, in microseconds: wall time, and CPU time of its thread. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface Task {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly startMs: number;
}

const CATEGORIES = ['toplevel', '__metadata'] as const;

/** Threads by name, such as `CrRendererMain` (the page) and `CrBrowserMain` (the app's main process). */
export type Tasks = ReadonlyMap<string, readonly Task[]>;

export async function traceTasks(app: ElectronApplication, run: () => Promise<unknown>): Promise<Tasks> {
  await app.evaluate(
    ({ contentTracing }, categories) =>
      contentTracing.startRecording({
        recording_mode: 'record-until-full',
        trace_buffer_size_in_kb: 400_000,
        included_categories: categories,
      }),
    [...CATEGORIES],
  );
  await run();
  const file = await app.evaluate(({ contentTracing }) => contentTracing.stopRecording());
  return tasksOf(file);
}

/** How long a start is traced. */
const TRACED_S = 20;
const TASK = 'ThreadControllerImpl::RunTask';

function tasksOf(file: string): Tasks {
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { readonly traceEvents: readonly TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent): string => `${String(pid)}:${String(tid)}`;
  const names = new Map<string, string>();
  for (const event of traceEvents)
    if (event.ph === 'M' && event.name === 'thread_name') names.set(threadOf(event), event.args?.name ?? '');
  const tasks = new Map<string, Task[]>();
  for (const event of traceEvents) {
    if (event.ph !== 'X' || event.name !== TASK) continue;
    const name = names.get(threadOf(event)) ?? '';
    const known = tasks.get(name) ?? [];
    known.push({ startMs: event.ts / 1_000, wallMs: (event.dur ?? 0) / 1_000, cpuMs: (event.tdur ?? 0) / 1_000 });
    tasks.set(name, known);
  }
  return tasks;
}

export interface LongestTasks {
  readonly page: Task;
  readonly main: Task;
}

const NO_TASK: Task = { startMs: 0, wallMs: 0, cpuMs: 0 };

/** By CPU time: on a loaded machine a short task can take long. */
const longest = (tasks: readonly Task[] = []): Task =>
  tasks.reduce((most, task) => (task.cpuMs > most.cpuMs ? task : most), NO_TASK);

export const longestTasks = (tasks: Tasks): LongestTasks => ({
  page: longest(tasks.get('CrRendererMain')),
  main: longest(tasks.get('CrBrowserMain')),
});

/** Tasks of a start, traced from its first moment. The app has ended when this returns. */
export async function traceStart(dataFolder: string): Promise<Tasks> {
  const file = path.join(dataFolder, 'startup.json');
  const program = programOf({}, dataFolder);
  const app = await _electron.launch({
    ...program,
    args: [
      ...program.args,
      `--trace-startup=${CATEGORIES.join(',')}`,
      `--trace-startup-file=${file}`,
      `--trace-startup-duration=${String(TRACED_S)}`,
      '--trace-startup-format=json',
      '--trace-startup-record-mode=record-until-full',
    ],
    // As in the harness.
    chromiumSandbox: true,
  });
  try {
    await expect.poll(() => existsSync(file), { timeout: 2_000 * TRACED_S }).toBe(true);
  } finally {
    await app.close();
  }
  return tasksOf(file);
}
