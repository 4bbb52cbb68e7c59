/** Runs in the page before the window's own code: the contract's fake main process, with content for every page. */
import './jitless';
import { fakeMain, gpu, job, MODEL, SLICES, video } from '../fakes/main-process';

const VIDEOS = ['first', 'second', 'third'].map((id) => ({
  ...video(id),
  videoUrl: `/media/${id}`,
  thumbnailUrl: null,
  durationMs: 4_000,
}));

const main = fakeMain(
  {
    settings: { ...SLICES.settings, theme: 'dark' },
    machine: { ...SLICES.machine, gpus: [0, 1, 2, 3].map(gpu), driverVersion: '580.1' },
    models: [MODEL],
    library: VIDEOS,
    jobs: [job({ status: 'queued' }, 'a sentence that waits')],
  },
  { countTokens: { tokens: 3, max: 226 }, readLogTail: 'a line of the log' },
);

Object.defineProperty(window, 'splitreel', { value: main.api, configurable: true });
