/** What playing and comparing videos costs, and whether the pages that do it leave anything behind. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { CDPSession, Page } from '@playwright/test';
import { addFigures, electronPids, median, threadCount } from './figures';
import { expect, test, type RunningApp } from './harness';
import { makeDataFolder } from './large';
import { makeVideo } from './videos';

const COMPARED = 4;
const PLAYED_MS = 5_000;
/** As many visits come before, because the first ones compile code and fill caches. */
const TIMES = 50;
const LONGEST_MS = 600_000;
const figures: Record<string, number> = {};

function makeVideos(source?: Parameters<typeof makeVideo>[3]): string {
  const dataFolder = makeDataFolder();
  const videos = path.join(dataFolder, 'videos');
  mkdirSync(videos);
  for (let index = 0; index < COMPARED; index += 1) makeVideo(videos, `A red ball ${String(index)}`, index, source);
  return dataFolder;
}

const cards = (page: Page) => page.getByRole('list', { name: 'Library' }).getByRole('listitem');
const comparison = (page: Page) => page.getByRole('region', { name: 'Comparison' });

async function openLibrary(page: Page): Promise<void> {
  await page.getByRole('navigation').getByRole('button', { name: 'Library', exact: true }).click();
  await expect(cards(page)).toHaveCount(COMPARED);
}

/** Resolves when all videos have a frame. */
const untilLoaded = (page: Page, count: number): Promise<unknown> =>
  page.waitForFunction((wanted) => {
    const videos = [...document.querySelectorAll<HTMLVideoElement>('main video')];
    return (
      videos.length === wanted && videos.every(({ readyState }) => readyState >= HTMLMediaElement.HAVE_CURRENT_DATA)
    );
  }, count);

async function openComparison(page: Page): Promise<void> {
  await cards(page).first().getByRole('button').first().focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('c');
  await untilLoaded(page, COMPARED);
}

interface Played {
  /** Time between two frames of the first video on the screen. */
  readonly frameMs: readonly number[];
  /** Frames that each video has shown. */
  readonly shown: readonly number[];
  /** Between the video that is furthest ahead and the one furthest behind, at each frame of the first. */
  readonly driftMs: readonly number[];
  readonly tookMs: number;
}

const play = (page: Page): Promise<Played> =>
  page.evaluate(async (ms) => {
    const videos = [...document.querySelectorAll<HTMLVideoElement>('main video')];
    const began = performance.now();
    const frames = videos.map((): VideoFrameCallbackMetadata[] => []);
    const driftMs: number[] = [];
    const watch = (video: HTMLVideoElement, index: number): Promise<void> =>
      new Promise((resolve) => {
        const onFrame = (_now: number, frame: VideoFrameCallbackMetadata): void => {
          frames[index]?.push(frame);
          if (index === 0) {
            const times = frames.map((of) => of.at(-1)?.mediaTime ?? Number.NaN);
            driftMs.push(1_000 * (Math.max(...times) - Math.min(...times)));
          }
          if (performance.now() - began > ms) resolve();
          else video.requestVideoFrameCallback(onFrame);
        };
        video.requestVideoFrameCallback(onFrame);
      });
    await Promise.all(videos.map(watch));
    const [first = []] = frames;
    return {
      frameMs: first.slice(1).map((frame, index) => frame.presentationTime - (first[index]?.presentationTime ?? 0)),
      shown: frames.map((of) => (of.at(-1)?.presentedFrames ?? 0) - (of[0]?.presentedFrames ?? 0)),
      driftMs: driftMs.filter((drift) => !Number.isNaN(drift)),
      tookMs: performance.now() - began,
    };
  }, PLAYED_MS);

/** The 95th percentile. */
const percentile95 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(0.95 * (values.length - 1))] ?? Number.NaN;

test('four videos of 720x480 and 60 frames per second in step', async ({ launch }) => {
  const dataFolder = makeVideos({ width: 720, height: 480, frameRate: 60, seconds: 20 });
  const { page } = await launch({ dataFolder });
  await openLibrary(page);
  await openComparison(page);
  const played = await play(page);
  figures['compareFrameMs'] = median(played.frameMs);
  figures['compareSlowFrameMs'] = percentile95(played.frameMs);
  figures['compareShownPerSecond'] = (1_000 * Math.min(...played.shown)) / played.tookMs;
  figures['compareDriftMs'] = median(played.driftMs);
  figures['compareSlowDriftMs'] = percentile95(played.driftMs);
});

interface Held {
  readonly heapKb: number;
  readonly nodes: number;
  readonly listeners: number;
  /** Of all of Electron; a decoder may have its own. */
  readonly threads: number;
}

/** What is held after a garbage collection. */
async function countHeld(running: RunningApp, cdp: CDPSession): Promise<Held> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const valueOf = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return {
    heapKb: valueOf('JSHeapUsedSize') / 1_024,
    nodes: valueOf('Nodes'),
    listeners: valueOf('JSEventListeners'),
    threads: threadCount(electronPids(running)),
  };
}

const VISITS: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  compare: async (page) => {
    await openComparison(page);
    await comparison(page).getByRole('button', { name: 'Close comparison' }).click();
    await openLibrary(page);
  },
  video: async (page) => {
    await cards(page).first().getByRole('button').first().click();
    await untilLoaded(page, 1);
    await openLibrary(page);
  },
};

for (const [name, visit] of Object.entries(VISITS))
  test(`what remains after ${String(TIMES)} visits: ${name}`, async ({ launch }) => {
    test.setTimeout(LONGEST_MS);
    const running = await launch({ dataFolder: makeVideos() });
    const { page } = running;
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable');
    await openLibrary(page);
    for (let time = 0; time < TIMES; time += 1) await visit(page);
    const before = await countHeld(running, cdp);
    for (let time = 0; time < TIMES; time += 1) await visit(page);
    const after = await countHeld(running, cdp);
    figures[`${name}LeftKb`] = after.heapKb - before.heapKb;
    figures[`${name}LeftNodes`] = after.nodes - before.nodes;
    figures[`${name}LeftListeners`] = after.listeners - before.listeners;
    figures[`${name}LeftThreads`] = after.threads - before.threads;
    expect(after.nodes - before.nodes).toBeLessThan(TIMES);
    expect(after.listeners - before.listeners).toBeLessThan(TIMES);
  });

test.afterAll(() => addFigures(figures));
