/** Steps of a user in the window, and the state behind it, for the specs. */
import { execFileSync } from 'node:child_process';
import { expect, type Locator, type Page } from '@playwright/test';
import type { SplitreelApi, Slices } from '../../src/shared/ipc';

declare global {
  interface Window {
    readonly splitreel: SplitreelApi;
    /** Stages in the order they began, each with the largest count seen. Filled by watchStages. */
    seenStages?: { stage: string; completed: number; total: number }[];
    /** Filled by countClicks. */
    clickCount?: number;
    /** Set by watchFor. */
    wasShown?: boolean;
  }
}

export const DEMO_SENTENCE = 'A red ball rolls to the right on a blue background';

/** The main process's current state. */
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

/** Records each stage of the running job that the main process reports. */
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

/** Counts the clicks from now on. Returns a function that reads the count. */
export async function countClicks(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    window.clickCount = 0;
    const count = (): void => {
      window.clickCount = (window.clickCount ?? 0) + 1;
    };
    window.addEventListener('pointerdown', count, true);
  });
  // A reloaded page has forgotten its count.
  return () => page.evaluate(() => window.clickCount ?? Infinity);
}

/**
 * Looks at each change of the page for an image or a caption with this text: it may be shown for less time than passes
 * between two looks of an assertion. Returns a function that reads whether it has been shown.
 */
export async function watchFor(page: Page, text: RegExp): Promise<() => Promise<boolean>> {
  await page.evaluate((wanted) => {
    window.wasShown = false;
    const observer = new MutationObserver(() => {
      const candidates = [...document.querySelectorAll('img, figcaption')];
      window.wasShown = candidates.some(
        (each) => wanted.test(each.getAttribute('alt') ?? each.textContent) && each.getClientRects().length > 0,
      );
      if (window.wasShown) observer.disconnect();
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
  }, text);
  return () => page.evaluate(() => window.wasShown === true);
}

/** Waits until what watchFor looks for has been shown, cold start included. */
export const waitUntilShown = (wasShown: () => Promise<boolean>): Promise<void> =>
  expect.poll(wasShown, { timeout: 120_000, intervals: [50] }).toBe(true);

export const seenStages = (page: Page) => page.evaluate(() => window.seenStages ?? []);

/** Waits until the newest job has this status; fails at once if it ended differently. */
export async function waitForJob(page: Page, status: string, at = -1, timeout = 400_000): Promise<void> {
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

/** Waits for the running job to take its n-th denoising step. */
export async function waitForStep(page: Page, step: number): Promise<void> {
  const completed = async () => {
    const { jobs, progress } = await slices(page);
    // The progress of an ended job stays until the next one starts.
    const isRunning = jobs.some(({ id, state }) => id === progress?.jobId && state.status === 'running');
    const stages = (isRunning ? progress?.videos[0]?.stages : undefined) ?? [];
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

/** What ffprobe reports about a file, with every frame decoded. */
export function probe(file: string): ProbedVideo {
  const fields = 'stream=codec_name,width,height,r_frame_rate,nb_read_frames';
  const args = ['-v', 'error', '-select_streams', 'v:0', '-count_frames', '-show_entries', fields, '-of', 'json', file];
  const found = JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' })) as { streams: ProbedVideo[] };
  const [stream] = found.streams;
  if (stream === undefined) throw new Error(`${file} holds no video`);
  return stream;
}

/** Time limit of an install, downloads included. */
export const INSTALL_MS = 400_000;

/** Waits until a slot other than `other` is in use. Returns its name. */
export async function readySlot(page: Page, other: string | null = null): Promise<string> {
  const slot = async (): Promise<string> => {
    const { environment } = await slices(page);
    if (environment.status === 'failed') throw new Error(JSON.stringify(environment.error));
    return environment.status === 'ready' && environment.slot !== other ? environment.slot : '';
  };
  await expect.poll(slot, { timeout: INSTALL_MS, intervals: [500] }).not.toBe('');
  return slot();
}

/** More than the controls of any page. */
const MAX_TABS = 120;

/** Presses Tab until the element has the focus. */
export async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await target.waitFor();
  const hasFocus = (): Promise<boolean> => target.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < MAX_TABS; presses += 1) {
    if (await hasFocus()) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never reaches ${String(target)}`);
}

/** Runs the first command that the palette finds for a search. */
export async function command(page: Page, search: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.keyboard.type(search);
  await page.keyboard.press('Enter');
}
