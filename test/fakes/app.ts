/** The app's services with a fake worker and a fake desktop; everything else is real, in a separate folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { nodeClock } from '../../src/main/adapters/node/clock';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { nodeRandom } from '../../src/main/adapters/node/random';
import { createEngine, STOPPED_ENGINE, type Engine, type EngineState } from '../../src/main/engine/engine';
import { workerEnvironment } from '../../src/main/engine/worker-environment';
import { UNKNOWN_MACHINE } from '../../src/main/gpus/machine-watch';
import { createJobStore, jobsFileSchema, NO_JOBS } from '../../src/main/jobs/job-store';
import { openQueue, type Queue } from '../../src/main/jobs/queue';
import { defaultSettings } from '../../src/main/models/defaults';
import type { Clock } from '../../src/main/ports/clock';
import type { Files } from '../../src/main/ports/files';
import { SILENT_LOG } from '../../src/main/ports/log';
import { openJsonStore } from '../../src/main/state/json-store';
import type { AppError } from '../../src/shared/errors';
import type { Job, JobInput, JobProgress } from '../../src/shared/job';
import type { ModelEntry } from '../../src/shared/models';
import { cpuDevices } from '../../src/shared/device';
import { ONE_RANK, type Plan } from '../../src/shared/plan';
import type { GenerateRequest } from '../../src/shared/sampling';
import { request, SHAPE } from './request';

const MODEL: ModelEntry = {
  id: 'demo',
  name: 'Demo',
  description: '',
  source: 'builtin',
  path: '/nowhere/demo',
  sizeBytes: 1,
  state: { status: 'ready', shape: SHAPE },
  defaults: defaultSettings(SHAPE),
  sizes: [],
  examples: [],
  offer: null,
  files: null,
};

export const jobInput = (changes: Partial<GenerateRequest> = {}, plan: Plan = ONE_RANK) => ({
  request: request(changes),
  plan,
  devices: [...cpuDevices(8)],
});

export interface FakeApp {
  readonly folder: string;
  readonly engine: Engine;
  /** Takes one job at a time, which is what most tests want. */
  readonly queue: Omit<Queue, 'enqueue'> & { readonly enqueue: (input: JobInput) => Promise<string> };
  readonly jobs: () => readonly Job[];
  readonly progress: () => JobProgress | null;
  readonly progressCount: () => number;
  readonly engineState: () => EngineState;
  readonly logged: readonly string[];
  /** Of single videos, whose jobs finished without them. */
  readonly failures: readonly AppError[];
  /** Mode of each next life of the worker. */
  readonly setMode: (mode: string) => void;
  readonly close: () => Promise<void>;
}

const WORKER = path.resolve(import.meta.dirname, 'worker/worker.mjs');

export async function openFakeApp(
  options: {
    readonly mode?: string;
    readonly folder?: string;
    readonly hungAfterMs?: number;
    readonly files?: Files;
    readonly clock?: Clock;
  } = {},
): Promise<FakeApp> {
  const files = options.files ?? nodeFiles;
  const clock = options.clock ?? nodeClock;
  const folder = options.folder ?? (await mkdtemp(path.join(tmpdir(), 'splitreel test ü ')));
  let mode = options.mode ?? 'well';
  let jobs: readonly Job[] = [];
  let progress: JobProgress | null = null;
  let progressCount = 0;
  let engineState: EngineState = STOPPED_ENGINE;
  const logged: string[] = [];
  const failures: AppError[] = [];
  const log = { ...SILENT_LOG, info: (message: string) => void logged.push(message) };
  const later: { queue: Queue | null } = { queue: null };
  const engine = createEngine(
    {
      files,
      processes: nodeProcesses,
      clock,
      random: nodeRandom,
      log,
      startProcess: () =>
        Promise.resolve(
          nodeProcesses.startWorker(process.execPath, {
            args: [WORKER, mode],
            env: workerEnvironment(process.env),
            cwd: folder,
          }),
        ),
    },
    {
      pidFile: path.join(folder, 'worker.json'),
      onState: (state) => {
        engineState = state;
      },
      onEvent: (event) => later.queue?.handleEvent(event),
      onLost: (error) => later.queue?.handleLost(error),
      hungAfterMs: options.hungAfterMs ?? 5_000,
      rungMs: 300,
    },
  );
  const store = await openJsonStore(
    { files, clock },
    { file: path.join(folder, 'jobs.json'), schema: jobsFileSchema, fallback: NO_JOBS },
  );
  jobs = store.value().jobs;
  const jobStore = createJobStore(store, {
    folder,
    log,
    onJobs: (value) => {
      jobs = value;
    },
    onPaused: () => undefined,
  });
  const queue = await openQueue(
    {
      files,
      clock,
      random: nodeRandom,
      log,
      jobs: jobStore,
      engine,
      machine: () => ({ ...UNKNOWN_MACHINE, status: 'ready' }),
      models: () => [MODEL],
      videosFolder: () => path.join(folder, 'videos'),
      previewsFolder: path.join(folder, 'previews'),
      tailMs: () => null,
      addVideos: (paths) => Promise.resolve(paths.map((file) => path.basename(file))),
    },
    {
      onProgress: (value) => {
        progress = value;
        progressCount += 1;
      },
      onEnded: (_job, errors) => void failures.push(...errors),
    },
  );
  later.queue = queue;
  await engine.start();
  return {
    folder,
    engine,
    queue: { ...queue, enqueue: async (input) => (await queue.enqueue([input]))[0] ?? '' },
    jobs: () => jobs,
    progress: () => progress,
    progressCount: () => progressCount,
    engineState: () => engineState,
    logged,
    failures,
    setMode: (next) => {
      mode = next;
    },
    close: async () => {
      await queue.close();
      await engine.stop();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function until(isSo: () => boolean, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not so after ${String(timeoutMs)} ms: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
