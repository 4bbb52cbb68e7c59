/** What a library of 10,000 videos and a queue of 5,000 jobs cost the window. Asserts nothing about time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { cpuDevices } from '../../src/shared/device';
import type { Slices } from '../../src/shared/ipc';
import { ONE_RANK } from '../../src/shared/plan';
import { request } from '../fakes/request';
import { addFigures, electronPids, median, pssMb } from './figures';
import { expect, test, type LaunchOptions, type RunningApp } from './harness';
import { fillLibrary, fillQueue, JOBS, makeDataFolder, VIDEOS } from './large';
import { slices } from './steps';

const TIMES = 15;
const SCROLL_MS = 3_000;
const KB_PER_MB = 1_024;
/** Long enough to write and scan 10,000 files on a loaded machine. */
const LONGEST_MS = 600_000;
const figures: Record<string, number> = {};

/** From a click to the paint after the first card, in the page's own clock. */
async function openLibrary(page: Page): Promise<number> {
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  return page.evaluate(async () => {
    const tab = [...document.querySelectorAll('nav button')].find(({ textContent }) => textContent === 'Library');
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const began = performance.now();
    (tab as HTMLElement).click();
    while (document.querySelector('main ul li') === null) await frame();
    await frame();
    return performance.now() - began;
  });
}

const scroll = (page: Page): Promise<number> =>
  page.evaluate(async (lengthMs) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const scroller = document.querySelector('main');
    if (scroller === null) throw new Error('no page');
    const began = performance.now();
    let frames = 0;
    while (performance.now() - began < lengthMs) {
      scroller.scrollTop += 60;
      await frame();
      frames += 1;
    }
    if (scroller.scrollTop === 0) throw new Error('nothing scrolled');
    return (1_000 * frames) / (performance.now() - began);
  }, SCROLL_MS);

/** Memory in MB after a garbage collection: garbage says nothing about the cost of an item. */
async function heldMb(running: RunningApp): Promise<number> {
  const collect = (): void => (Reflect.get(globalThis, 'gc') as () => void)();
  await running.app.evaluate(collect);
  await running.page.evaluate(collect);
  return pssMb(electronPids(running));
}

/** In MB, after `look`. Ends the app before it returns: two apps would share pages, so each would count for less. */
async function memoryOfEmptyApp(
  launch: (options?: LaunchOptions) => Promise<RunningApp>,
  look: (page: Page) => Promise<void>,
): Promise<number> {
  const empty = await launch({ withGc: true });
  await look(empty.page);
  const memory = await heldMb(empty);
  await empty.app.close();
  return memory;
}

async function repeated(measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let time = 0; time < TIMES; time += 1) values.push(await measure());
  return median(values);
}

test('a library of 10,000 videos', async ({ launch }) => {
  test.setTimeout(LONGEST_MS);
  const before = await memoryOfEmptyApp(launch, async (page) => {
    await page.getByRole('button', { name: 'Library', exact: true }).click();
  });
  const folder = makeDataFolder();
  fillLibrary(folder);
  const running = await launch({ dataFolder: folder, withGc: true });
  const { page } = running;
  const count = async () => (await slices(page)).library.length;
  await expect.poll(count, { timeout: 120_000 }).toBe(VIDEOS);
  figures['libraryOpenBareMs'] = await repeated(() => openLibrary(page));
  figures['libraryKbAVideo'] = (((await heldMb(running)) - before) * KB_PER_MB) / VIDEOS;
  const thumbnails = path.join(folder, 'thumbnails');
  mkdirSync(thumbnails, { recursive: true });
  const jpeg = Buffer.from(await page.screenshot({ type: 'jpeg', clip: { x: 0, y: 0, width: 320, height: 213 } }));
  for (const { id } of (await slices(page)).library) writeFileSync(path.join(thumbnails, `${id}.jpg`), jpeg);
  figures['libraryOpenMs'] = await repeated(() => openLibrary(page));
  figures['libraryFramesPerSecond'] = await scroll(page);
  await page.getByRole('searchbox').focus();
  figures['librarySearchMs'] = await page.evaluate(async () => {
    const field = document.activeElement as HTMLInputElement;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const shown = () => document.querySelector('main ul')?.getBoundingClientRect().height;
    const whole = shown();
    const began = performance.now();
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, '9999');
    field.dispatchEvent(new Event('input', { bubbles: true }));
    while (shown() === whole) await frame();
    return performance.now() - began;
  });
});

type QueueCall = 'enqueueJobs' | 'moveJob' | 'cancelJob' | 'removeJob';

/** From the call to the paint after the change has arrived. */
const timeCall = (page: Page, call: QueueCall, input: object): Promise<number> =>
  page.evaluate(
    async ([name, given]) => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const began = performance.now();
      const arrived = new Promise<void>((resolve) => {
        const stop = window.splitreel.onSliceChanged(({ slice }) => {
          if (slice !== 'jobs') return;
          stop();
          resolve();
        });
      });
      const answer = await (window.splitreel[name] as (input: object) => Promise<{ ok: boolean }>)(given);
      if (!answer.ok) throw new Error(JSON.stringify(answer));
      await arrived;
      await frame();
      await frame();
      return performance.now() - began;
    },
    [call, input] as const,
  );

test('a queue of 5,000 jobs', async ({ launch }) => {
  let demo: Slices['models'][number] | undefined;
  const before = await memoryOfEmptyApp(launch, async (page) => {
    await expect.poll(async () => (await slices(page)).models).not.toEqual([]);
    [demo] = (await slices(page)).models;
  });
  if (demo === undefined) throw new Error('no demo model');
  const folder = makeDataFolder();
  const asked = { ...request(), ...demo.defaults, modelId: demo.id };
  fillQueue(folder, asked);
  const running = await launch({ dataFolder: folder, withGc: true });
  const { page } = running;
  await expect.poll(async () => (await slices(page)).jobs.length, { timeout: 60_000 }).toBe(JOBS);
  figures['queueKbAJob'] = (((await heldMb(running)) - before) * KB_PER_MB) / JOBS;
  let next = 0;
  const jobId = (): string => `job-${String((next += 7))}`;
  figures['queueMoveMs'] = await repeated(() => timeCall(page, 'moveJob', { jobId: jobId(), toIndex: 2_500 }));
  const canceled: string[] = [];
  figures['queueCancelMs'] = await repeated(() => {
    const id = jobId();
    canceled.push(id);
    return timeCall(page, 'cancelJob', { jobId: id });
  });
  figures['queueRemoveMs'] = await repeated(() => timeCall(page, 'removeJob', { jobId: canceled.pop() ?? '' }));
  const input = { request: asked, plan: ONE_RANK, devices: cpuDevices(1) };
  figures['queueAddMs'] = await repeated(() => timeCall(page, 'enqueueJobs', { jobs: [input] }));
});

test.afterAll(() => addFigures(figures));
