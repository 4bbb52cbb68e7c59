/**
 * Screenshots of a job while it runs, failed and finished, of drafts, a comparison, the palette and the prompt tools, by
 * language, size and theme: `npm run screenshots -- studio`.
 */
import type { Page } from '@playwright/test';
import { commandLine, expect, test, type RunningApp } from './harness';
import { resize, setTheme, SIZES, THEMES } from './looks';
import { fillForm, slices, waitForJob, waitForStep } from './steps';

const LANGUAGES = ['en', 'zh-CN'] as const;
const LARGEST = [[1920, 1080]] as const;

interface State {
  readonly open: (page: Page) => Promise<void>;
  readonly close: string;
}

/** Opened by a button with this text, in any language. */
const byButton = (name: RegExp, close = 'Escape'): State => ({
  open: (page) => page.getByRole('button', { name }).first().click(),
  close,
});

const STATES: Readonly<Record<string, State>> = {
  palette: { open: (page) => page.keyboard.press('Control+k'), close: 'Escape' },
  history: byButton(/^(History|历史)$/),
  presets: byButton(/^(Presets|预设)$/),
  variations: byButton(/^(Variations|变体)$/),
  comparison: byButton(/^(Compare|对比)$/, 'c'),
};

const VIDEO_STATES: Readonly<Record<string, State>> = {
  more: byButton(/^(More|更多)$/),
  details: byButton(/^(Details|详细信息)$/, ''),
};

type Shot = (name: string) => Promise<void>;
type Sizes = readonly (readonly [width: number, height: number])[];
type Language = (typeof LANGUAGES)[number];

/** Reloads the page. */
async function setLanguage(page: Page, language: Language): Promise<void> {
  await page.evaluate((wanted) => void window.splitreel.updateSettings({ language: wanted }), language);
  await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
  await page.locator('header').first().waitFor();
  await page.keyboard.press('Control+1');
}

async function inEveryLook(running: RunningApp, language: Language, sizes: Sizes, look: (shot: Shot) => Promise<void>) {
  const { page } = running;
  const scale = await page.evaluate(() => devicePixelRatio);
  for (const [width, height] of sizes) {
    await resize(running, width, height);
    for (const theme of THEMES) {
      await setTheme(page, theme);
      await look((name) => running.screenshot(`${name}-${String(width * scale)}-${theme}-${language}`));
    }
  }
}

async function openEach(page: Page, states: typeof STATES, shot: Shot): Promise<void> {
  for (const [name, { open, close }] of Object.entries(states)) {
    await open(page);
    await page.waitForTimeout(300);
    await shot(name);
    if (close !== '') await page.keyboard.press(close);
  }
}

/** Three jobs in a paused queue; the first fails, because its worker is killed. */
async function runAndFail(running: RunningApp, language: Language, sizes: Sizes): Promise<void> {
  const { page, processTree } = running;
  await fillForm(page, { ranks: 4, steps: 400, frames: 9 });
  await setLanguage(page, language);
  for (let jobs = 0; jobs < 3; jobs += 1) await page.keyboard.press('Control+Enter');
  await page.evaluate(() => window.splitreel.pauseQueue({ isPaused: true }));
  await waitForStep(page, 3);
  await inEveryLook(running, language, sizes, (shot) => shot('running'));
  const supervisor = processTree().find((pid) => /python serve\s*$/.test(commandLine(pid)));
  if (supervisor === undefined) throw new Error('no supervisor runs');
  process.kill(supervisor, 'SIGKILL');
  await waitForJob(page, 'failed', 0);
  await inEveryLook(running, language, sizes, (shot) => shot('failed'));
  for (const { id } of (await slices(page)).jobs)
    await page.evaluate((jobId) => window.splitreel.removeJob({ jobId }), id);
  await page.evaluate(() => window.splitreel.pauseQueue({ isPaused: false }));
  await setLanguage(page, 'en');
}

async function makeDrafts(page: Page): Promise<void> {
  await fillForm(page, { ranks: 4, steps: 4, frames: 9 });
  await page.getByRole('button', { name: 'Variations' }).click();
  await page.getByRole('menuitem', { name: /^4 drafts at once/ }).click();
  await waitForJob(page, 'finished');
  await expect(page.getByRole('list', { name: 'Results' }).locator('video')).toHaveCount(4);
}

async function showDrafts(running: RunningApp, language: Language, sizes: Sizes): Promise<void> {
  const { page } = running;
  await setLanguage(page, language);
  await page
    .getByRole('list', { name: /^(Recent videos|最近的视频)$/ })
    .getByRole('button')
    .first()
    .click();
  await inEveryLook(running, language, sizes, async (shot) => {
    await shot('video');
    await openEach(page, VIDEO_STATES, shot);
    await page.locator('main [aria-expanded="true"]').click();
  });
  await page.getByRole('button', { name: /^(Show all results|显示全部结果)$/ }).click();
  const results = page.getByRole('list', { name: /^(Results|结果)$/ });
  await inEveryLook(running, language, sizes, async (shot) => {
    await results.getByRole('listitem').first().hover();
    await shot('results');
    await openEach(page, STATES, shot);
  });
}

async function everything(running: RunningApp, sizes: Sizes): Promise<void> {
  for (const language of LANGUAGES) await runAndFail(running, language, sizes);
  await makeDrafts(running.page);
  for (const language of LANGUAGES) await showDrafts(running, language, sizes);
}

test('a list of prompts', async ({ launch }) => {
  const running = await launch({ withEnvironment: true });
  const { page } = running;
  await fillForm(page, { prompt: 'a {red|green} ball rolls to the right\na blue star spins', ranks: 4, frames: 9 });
  await page.getByRole('switch', { name: 'One prompt per line' }).click();
  for (const language of LANGUAGES) {
    await setLanguage(page, language);
    await inEveryLook(running, language, SIZES, (shot) => shot('list'));
  }
});

test('a job running, failed and finished, its drafts, and what opens from there', async ({ launch }) => {
  await everything(await launch({ withEnvironment: true }), SIZES);
});

test('the same on a 4K screen at 200 %', async ({ launch }) => {
  await everything(await launch({ withEnvironment: true, scale: 2 }), LARGEST);
});
