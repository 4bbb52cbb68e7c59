/** What a user does in the window, and what the window knows, for the specs. */
import { execFileSync } from 'node:child_process';
import { expect, type Locator, type Page } from '@playwright/test';
import type { SplitreelApi, Slices } from '../../src/shared/ipc';

declare global {
  interface Window {
    readonly splitreel: SplitreelApi;
    /** Stages as they began, in order, each with the largest count that was seen. Filled by watchStages. */
    seenStages?: { stage: string; completed: number; total: number }[];
  }
}

export const DEMO_SENTENCE = 'A red ball rolls to the right on a blue background';

/** The state as main holds it now. */
export async function slices(page: Page): Promise<Slices> {
  return page.evaluate(async () => {
    const answer = await window.splitreel.getSnapshot();
    if (!answer.ok) throw new Error(answer.error.code);
    return answer.value.slices;
  });
}

/** Fills the form for a short video of the demo model, on CPU workers. */
export async function fillForm(
  page: Page,
  { prompt = DEMO_SENTENCE, ranks = 1, steps = 6, frames = 9 } = {},
): Promise<void> {
  await page.getByLabel('Prompt', { exact: true }).fill(prompt);
  await page.getByLabel('Frames').selectOption(String(frames));
  await page.getByLabel('Steps').fill(String(steps));
  await page.getByRole('spinbutton', { name: 'CPU workers' }).fill(String(ranks));
  await expect.poll(async () => (await slices(page)).settings.cpuRanks).toBe(ranks);
}

export const generateButton = (page: Page) => page.getByRole('button', { name: /^(Generate(?! again)|Add to queue)/ });

/** Writes down each stage of the running job as main tells it. */
export async function watchStages(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: NonNullable<typeof window.seenStages> = [];
    window.seenStages = seen;
    window.splitreel.onSliceChanged((change) => {
      if (change.slice !== 'progress' || change.value === null) return;
      for (const { stage, status, completed, total } of change.value.videos[0]?.stages ?? []) {
        if (status === 'waiting') continue;
        const known = seen.find((entry) => entry.stage === stage);
        if (known === undefined) seen.push({ stage, completed, total });
        else Object.assign(known, { completed: Math.max(known.completed, completed), total });
      }
    });
  });
}

export const seenStages = (page: Page) => page.evaluate(() => window.seenStages ?? []);

/** Waits until the newest job has this status; fails at once where it ended in another way. */
export async function waitForJob(page: Page, status: string, at = -1, timeout = 150_000): Promise<void> {
  const over = ['finished', 'failed', 'canceled', 'interrupted'];
  await expect
    .poll(
      async () => {
        const state = (await slices(page)).jobs.at(at)?.state;
        if (state !== undefined && state.status !== status && over.includes(state.status))
          throw new Error(`the job ended as ${JSON.stringify(state)} and not as ${status}`);
        return state?.status;
      },
      { timeout, intervals: [100] },
    )
    .toBe(status);
}

/** Waits for the job that runs to take its n-th denoising step. */
export async function waitForStep(page: Page, step: number): Promise<void> {
  const completed = async () => {
    const stages = (await slices(page)).progress?.videos[0]?.stages ?? [];
    return stages.find(({ stage }) => stage === 'denoising')?.completed ?? 0;
  };
  await expect.poll(completed, { timeout: 120_000, intervals: [50] }).toBeGreaterThanOrEqual(step);
}

/** The file of the newest video. */
export async function newestFile(page: Page): Promise<string> {
  const { library, about } = await slices(page);
  return `${about.videosFolder}/${library[0]?.fileName ?? ''}`;
}

export interface ProbedVideo {
  readonly codec_name: string;
  readonly width: number;
  readonly height: number;
  readonly r_frame_rate: string;
  readonly nb_read_frames: string;
}

/** What ffprobe finds in a file, every frame decoded. */
export function probe(file: string): ProbedVideo {
  const fields = 'stream=codec_name,width,height,r_frame_rate,nb_read_frames';
  const words = [
    '-v',
    'error',
    '-select_streams',
    'v:0',
    '-count_frames',
    '-show_entries',
    fields,
    '-of',
    'json',
    file,
  ];
  const found = JSON.parse(execFileSync('ffprobe', words, { encoding: 'utf8' })) as { streams: ProbedVideo[] };
  const [stream] = found.streams;
  if (stream === undefined) throw new Error(`${file} holds no video`);
  return stream;
}

/** How long an install may take, with all that it fetches. */
export const INSTALL_MS = 400_000;

/** Waits until a slot is in use, another than `other`; its name. */
export async function readySlot(page: Page, other: string | null = null): Promise<string> {
  const slot = async (): Promise<string> => {
    const { environment } = await slices(page);
    if (environment.status === 'failed') throw new Error(JSON.stringify(environment.error));
    return environment.status === 'ready' && environment.slot !== other ? environment.slot : '';
  };
  await expect.poll(slot, { timeout: INSTALL_MS, intervals: [500] }).not.toBe('');
  return slot();
}

/** More controls than any page has in its order. */
const MAX_TABS = 120;

/** Presses Tab until the element has the focus, as a person without a mouse does. */
export async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await target.waitFor();
  const hasFocus = (): Promise<boolean> => target.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < MAX_TABS; presses += 1) {
    if (await hasFocus()) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never reaches ${String(target)}`);
}

/** The palette runs what these words find first. */
export async function command(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
}
