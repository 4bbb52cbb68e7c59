/** The other side of the window's port: a snapshot that the test decides, changes that it pushes, calls written down. */
import {
  calls,
  sliceSchemas,
  type CallName,
  type SliceChanged,
  type SliceName,
  type Slices,
  type SplitreelApi,
} from '../../src/shared/ipc';
import { cpuDevices } from '../../src/shared/device';
import type { InstallEstimate } from '../../src/shared/environment';
import type { Job } from '../../src/shared/job';
import type { LibraryVideo } from '../../src/shared/library';
import { NO_MARKS } from '../../src/shared/marks';
import { DEFAULT_SETTINGS } from '../../src/shared/settings';
import type { ModelEntry } from '../../src/shared/models';
import { ONE_RANK } from '../../src/shared/plan';
import { defaultSettings } from '../../src/main/models/defaults';
import { request, SHAPE } from './request';

export const MODEL: ModelEntry = {
  id: 'demo',
  name: 'Demo',
  description: 'A small one.',
  source: 'builtin',
  path: '/models/demo',
  sizeBytes: 1_000,
  state: { status: 'ready', shape: SHAPE },
  defaults: defaultSettings(SHAPE),
  sizes: [{ width: 720, height: 480 }],
  examples: ['a red ball', 'a blue square'],
  offer: null,
  files: { location: 'app', verified: null, verifying: null, repairFrom: null },
};

export const gpu = (index: number) => ({
  kind: 'cuda' as const,
  index,
  uuid: `GPU-${String(index)}`,
  name: 'NVIDIA H200',
  pciBusId: `00000000:0${String(index)}:00.0`,
  memoryTotalBytes: 150e9,
  memoryUsedBytes: 1e9,
  utilizationPercent: 0,
  temperatureCelsius: 40,
  powerWatts: 80,
  nvlinkIsland: 0,
});

export const SLICES: Slices = {
  settings: DEFAULT_SETTINGS,
  machine: {
    status: 'ready',
    gpus: [],
    driverVersion: null,
    problem: null,
    cpuName: 'A processor',
    cpuCores: 8,
    memoryTotalBytes: 32e9,
    platform: 'linux',
    multiGpu: true,
  },
  environment: {
    status: 'ready',
    slot: 'one',
    variant: 'cuda',
    versions: {},
    sizeBytes: 1,
    isOutdated: false,
    previousSlot: null,
  },
  engine: { status: 'cold', modelId: null, rankCount: 0, kernels: [], hasOwnKernels: true, error: null },
  models: [MODEL],
  downloads: [],
  hub: { isSignedIn: false, isTokenKept: true, modelsFolder: '/models', freeBytes: 500e9, moving: null },
  jobs: [],
  queue: { isPaused: false },
  clickedNotification: null,
  progress: null,
  library: [],
  promptHistory: [],
  presets: [],
  rewriting: { hasKey: false, isKeyKept: false },
  notices: [],
  measurements: [],
  exports: [],
  doctor: { status: 'idle', findings: [] },
  storage: { locations: [], items: null, moving: null },
  updates: { hasKey: true, feed: 'https://updates.example/latest.json', check: { status: 'idle' } },
  about: {
    version: '0.0.0',
    electron: '1',
    chromium: '1',
    runtime: { kind: 'official', note: '' },
    dataFolder: '/data',
    videosFolder: '/videos',
    logsFolder: '/logs',
    platform: 'linux',
    isPackaged: true,
  },
};

export const job = (state: Job['state'], prompt = 'a small dog', id = prompt): Job => ({
  id,
  createdAtMs: 0,
  request: request({ prompt }),
  plan: ONE_RANK,
  devices: [...cpuDevices(1)],
  state,
});

export const video = (id: string, changes: Partial<LibraryVideo['metadata']> = {}): LibraryVideo => ({
  id,
  fileName: `${id}.mp4`,
  sizeBytes: 1_000,
  createdAtMs: 0,
  durationMs: 6_000,
  frameRate: 8,
  videoUrl: `splitreel://video/${id}`,
  thumbnailUrl: `splitreel://thumbnail/${id}`,
  metadata: {
    splitreel: 1,
    request: request({ prompt: `the video ${id}` }),
    plan: ONE_RANK,
    approximate: false,
    model: { id: MODEL.id, fingerprint: '' },
    versions: {},
    devices: [{ kind: 'cpu', index: 0, uuid: null, name: 'CPU' }],
    dtype: 'float32',
    createdAt: '2026-01-01T00:00:00Z',
    report: null,
    ...changes,
  },
  marks: NO_MARKS,
});

const ESTIMATE: InstallEstimate = {
  variant: 'cuda',
  reason: 'gpu',
  driverProblem: null,
  downloadBytes: 3e9,
  downloadCount: 71,
  packageCount: 71,
  needs: [{ folder: '/data/environment', bytes: 6e9, freeBytes: 9e9 }],
  fits: true,
};

export interface FakeMain {
  readonly api: SplitreelApi;
  /** Every call but getSnapshot, as it would have crossed: parsed by the contract. */
  readonly calls: { readonly name: CallName; readonly input: unknown }[];
  readonly callsOf: (name: CallName) => unknown[];
  readonly push: <K extends SliceName>(slice: K, value: Slices[K]) => void;
  /** As push, but the window never hears of it. */
  readonly lose: <K extends SliceName>(slice: K, value: Slices[K]) => void;
}

export function fakeMain(changes: Partial<Slices> = {}, answers: Partial<Record<CallName, unknown>> = {}): FakeMain {
  let slices: Slices = { ...SLICES, ...changes };
  let revision = 1;
  const listeners = new Set<(change: SliceChanged) => void>();
  const seen: FakeMain['calls'] = [];
  const set = <K extends SliceName>(slice: K, value: Slices[K]): SliceChanged => {
    revision += 1;
    slices = { ...slices, [slice]: sliceSchemas[slice].parse(value) };
    return { revision, slice, value } as SliceChanged;
  };
  const answer = (name: CallName, given: unknown): unknown => {
    if (name === 'getSnapshot') return { revision, slices };
    const input: unknown = calls[name].input.parse(given);
    seen.push({ name, input });
    if (name === 'estimateInstall' && answers[name] === undefined) return ESTIMATE;
    return answers[name] ?? (calls[name].output.safeParse(null).success ? null : undefined);
  };
  const functions = Object.fromEntries(
    Object.keys(calls).map((name) => [
      name,
      (input: unknown) => Promise.resolve({ ok: true, value: answer(name as CallName, input) }),
    ]),
  );
  const api: SplitreelApi = {
    ...(functions as Omit<SplitreelApi, 'onSliceChanged' | 'pathOfDroppedFile'>),
    onSliceChanged: (listener: (change: SliceChanged) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    pathOfDroppedFile: ({ name }) => `/dropped/${name}`,
  };
  return {
    api,
    calls: seen,
    callsOf: (name) => seen.filter((call) => call.name === name).map((call) => call.input),
    push: (slice, value) => {
      const change = set(slice, value);
      listeners.forEach((listener) => listener(change));
    },
    lose: (slice, value) => void set(slice, value),
  };
}
