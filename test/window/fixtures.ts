/** States of the app as main would push them, for tests of the window. */
import type { Slices } from '../../src/shared/ipc';
import type { Job, JobProgress } from '../../src/shared/job';
import type { LibraryVideo } from '../../src/shared/library';
import type { Gpu } from '../../src/shared/machine';
import type { ModelShape } from '../../src/shared/model';
import type { ModelEntry } from '../../src/shared/models';
import { ONE_RANK, type Plan } from '../../src/shared/plan';
import { STAGES, type JobReport } from '../../src/shared/protocol';
import type { GenerateRequest, VideoSettings } from '../../src/shared/request';
import { DEFAULT_SETTINGS } from '../../src/shared/settings';

export const shape2b: ModelShape = {
  task: 'text-to-video',
  heads: 30,
  blocks: 30,
  patchSize: 2,
  patchSizeTemporal: 1,
  spatialCompression: 8,
  temporalCompression: 4,
  latentChannels: 16,
  maxTextTokens: 226,
  positions: 'sincos',
  sampleWidth: 720,
  sampleHeight: 480,
  sampleFrames: 49,
  scheduler: 'CogVideoXDDIMScheduler',
};
export const shape5b: ModelShape = { ...shape2b, heads: 48, blocks: 42, positions: 'rope' };

export const settings: VideoSettings = {
  width: 720,
  height: 480,
  numFrames: 49,
  numInferenceSteps: 50,
  guidanceScale: 6,
  useDynamicCfg: true,
  scheduler: 'ddim',
  offload: 'none',
  attention: 'sdpa',
  numPipelinePatch: 2,
  warmupSteps: 1,
};

export function modelEntry(change: Partial<ModelEntry> = {}): ModelEntry {
  return {
    id: 'demo',
    name: 'Demo',
    description: 'A tiny model that draws coloured shapes in seconds, on any machine.',
    source: 'builtin',
    path: '/opt/splitreel/resources/demo',
    sizeBytes: 14_200_000,
    state: { status: 'ready', shape: shape2b },
    defaults: settings,
    sizes: [
      { width: 720, height: 480 },
      { width: 480, height: 320 },
    ],
    examples: [
      'a red ball rolls to the right on a blue background',
      'a yellow star spins on a green background',
      'a white square moves up on a black background',
    ],
    ...change,
  };
}

export const request: GenerateRequest = {
  ...settings,
  modelId: 'demo',
  prompt: 'a red ball rolls to the right on a blue background',
  negativePrompt: '',
  imagePath: null,
  seed: 42,
  videoCount: 1,
};

export const gpus = (count: number, name = 'NVIDIA H200'): Gpu[] =>
  Array.from({ length: count }, (_, index) => ({
    index,
    uuid: `GPU-${String(index)}`,
    name,
    pciBusId: `0000:0${String(index)}:00.0`,
    memoryTotalBytes: 150_754_820_096,
    memoryUsedBytes: 61_000_000_000 + index * 400_000_000,
    utilisationPercent: 97 - index,
    temperatureCelsius: 61 + index,
    powerWatts: 512 + index,
    nvlinkIsland: Math.floor(index / 4),
  }));

export const report: JobReport = {
  totalMs: 31_400,
  msPerStep: 490,
  weightBytesRead: 0,
  stages: STAGES.map((stage, i) => ({ stage, durationMs: [120, 40, 210, 24_500, 5_800, 730][i] ?? 0 })),
  ranks: [
    { rank: 0, device: 'GPU 0', peakMemoryBytes: 61_203_283_968 },
    { rank: 1, device: 'GPU 1', peakMemoryBytes: 58_203_283_968 },
  ],
};

export function job(id: string, state: Job['state'], change: { prompt?: string; plan?: Plan } = {}): Job {
  return {
    id,
    createdAtMs: 1_790_000_000_000,
    request: { ...request, prompt: change.prompt ?? request.prompt },
    plan: change.plan ?? ONE_RANK,
    devices: { kind: 'cuda', uuids: ['GPU-0', 'GPU-1', 'GPU-2', 'GPU-3'] },
    state,
  };
}

export function progressOf(jobId: string, ranks: number, step: number, previewUrl: string | null): JobProgress {
  const at = STAGES.indexOf('denoising');
  const totals = [ranks, 9_800_000_000, 1, 50, 24, 49];
  const tookMs = [120, 3_900, 210, step * 490, 0, 0];
  return {
    jobId,
    videos: [
      {
        stages: STAGES.map((stage, i) => ({
          stage,
          status: i < at ? 'finished' : i === at ? 'running' : 'waiting',
          completed: i < at ? (totals[i] ?? 0) : i === at ? step : 0,
          total: totals[i] ?? 0,
          elapsedMs: tookMs[i] ?? 0,
        })),
        previewUrl,
        previewStep: previewUrl === null ? null : step,
        error: null,
      },
    ],
    ranks: Array.from({ length: ranks }, (_, rank) => ({
      rank,
      device: `GPU ${String(rank)}`,
      stage: 'denoising' as const,
      completed: rank === ranks - 1 ? step - 1 : step,
      total: 50,
    })),
    msPerStep: 490,
    msLeft: (50 - step) * 490 + 6_000,
  };
}

export function libraryVideo(
  id: string,
  prompt: string,
  urls: { video: string; thumbnail: string | null },
): LibraryVideo {
  return {
    id,
    fileName: `${prompt.slice(0, 40).replace(/\W+/g, '-')}-42.mp4`,
    sizeBytes: 1_204_000,
    createdAtMs: 1_790_000_000_000,
    durationMs: 6_125,
    frameRate: 8,
    videoUrl: urls.video,
    thumbnailUrl: urls.thumbnail,
    metadata: {
      splitreel: 1,
      request: { ...request, prompt },
      plan: { ...ONE_RANK, cfg: 2, ulysses: 2 },
      approximate: false,
      model: { id: 'demo', fingerprint: 'f'.repeat(64) },
      versions: { torch: '2.15.0' },
      device: 'cuda: NVIDIA H200',
      dtype: 'bfloat16',
      createdAt: '2026-11-24T00:00:00Z',
      report: { totalMs: report.totalMs, msPerStep: report.msPerStep, weightBytesRead: 0, stages: report.stages },
    },
  };
}

export function slices(change: Partial<Slices> = {}): Slices {
  return {
    settings: DEFAULT_SETTINGS,
    machine: {
      status: 'ready',
      gpus: [],
      driverVersion: null,
      problem: null,
      cpuName: 'AMD EPYC 7763',
      cpuCores: 16,
      memoryTotalBytes: 137_438_953_472,
      platform: 'linux',
      multiGpu: true,
    },
    environment: {
      status: 'ready',
      slot: 'slot-1',
      versions: { python: '3.11.2', torch: '2.15.0', diffusers: '0.42.1', transformers: '5.23.0' },
      sizeBytes: 6_400_000_000,
      isOutdated: false,
      previousSlot: null,
    },
    engine: { status: 'cold', modelId: null, rankCount: 0, error: null },
    models: [modelEntry()],
    jobs: [],
    progress: null,
    library: [],
    notices: [],
    measurements: [],
    about: {
      version: '0.1.0',
      electron: '45.4.1',
      chromium: '152.0',
      runtime: { kind: 'official', note: '' },
      dataFolder: '/home/ada/.local/share/splitreel',
      videosFolder: '/home/ada/Videos/Splitreel',
      logsFolder: '/home/ada/.local/share/splitreel/logs',
      platform: 'linux',
    },
    ...change,
  };
}
