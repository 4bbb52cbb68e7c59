/**
 * From a sentence to an exported copy, scene by scene: story.e2e.ts checks it, story.shots.ts records it for the
 * documentation.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, type Locator, type Page } from '@playwright/test';
import { answerFolderDialog, answerSaveDialog, type RunningApp } from './harness';
import { DEMO_SENTENCE, readySlot, slices, waitForJob } from './steps';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
/** An image-to-video model with random weights, and an image whose shape differs from its videos. */
const IMAGE_MODEL = `
import sys
from pathlib import Path
from PIL import Image
from splitreel.models.cogvideox.random_model import make_model
make_model("i2v-5b", Path(sys.argv[1]) / "image-to-video")
Image.effect_mandelbrot((120, 40), (-2, -1.5, 1, 1.5), 20).convert("RGB").save(Path(sys.argv[1]) / "wide.png")
`;

/** The user's pace: immediate in a test, slow enough to follow in a recording. */
export interface Pace {
  readonly click: (target: Locator) => Promise<void>;
  readonly type: (field: Locator, text: string) => Promise<void>;
  /** Pauses so that viewers can look. */
  readonly look: () => Promise<void>;
}

export const IMMEDIATE: Pace = {
  click: (target) => target.click(),
  type: (field, text) => field.fill(text),
  look: () => Promise.resolve(),
};

export const results = (page: Page) => page.getByRole('list', { name: 'Results' });

/** Writes a small image-to-video model and `wide.png` to the data folder. */
export async function makeImageModel({ page, dataFolder }: RunningApp): Promise<void> {
  const python = path.join(dataFolder, 'environment', 'slots', await readySlot(page), 'bin', 'python');
  const env = { PYTHONPATH: path.join(ROOT, 'python'), OMP_NUM_THREADS: '1' };
  await promisify(execFile)(python, ['-c', IMAGE_MODEL, dataFolder], { env });
}

export async function addImageModel({ app, page, dataFolder }: RunningApp): Promise<void> {
  await answerFolderDialog(app, path.join(dataFolder, 'image-to-video'));
  await page.evaluate(() => window.splitreel.addModelFolder());
  const state = async () => (await slices(page)).models.find(({ name }) => name === 'image-to-video')?.state.status;
  await expect.poll(state).toBe('ready');
}

export async function requestDrafts(page: Page, pace: Pace): Promise<void> {
  await pace.type(page.getByLabel('Prompt', { exact: true }), DEMO_SENTENCE);
  await pace.click(page.getByRole('button', { name: 'Variations' }));
  await pace.look();
  await pace.click(page.getByRole('menuitem', { name: /^4 drafts at once, one on each CPU worker/ }));
}

export async function waitForDrafts(page: Page, pace: Pace): Promise<void> {
  await waitForJob(page, 'finished', 0);
  await expect(results(page).locator('video')).toHaveCount(4);
  await pace.look();
}

/** All four at first, then the last two in sync, with a wipe. */
export async function compareTwo(page: Page, pace: Pace): Promise<void> {
  await pace.click(page.getByRole('button', { name: 'Compare', exact: true }));
  const comparison = page.getByRole('region', { name: 'Comparison' });
  await expect(comparison.locator('video')).toHaveCount(4);
  await pace.look();
  for (const name of ['Remove A', 'Remove A']) await pace.click(comparison.getByRole('button', { name }));
  await expect(comparison.locator('video')).toHaveCount(2);
  await pace.click(comparison.getByRole('button', { name: 'Wipe', exact: true }));
  await pace.look();
  await pace.click(comparison.getByRole('button', { name: 'Close comparison' }));
  await expect(results(page).locator('video')).toHaveCount(4);
}

export async function finishLast(page: Page, pace: Pace): Promise<void> {
  await pace.click(
    results(page)
      .getByRole('button', { name: /^Finish: seed/ })
      .last(),
  );
  await waitForJob(page, 'finished', 1);
  await expect(page.getByRole('group', { name: 'Player' }).locator('video')).toBeVisible();
  await pace.look();
}

/** Uses the last frame of the video on the stage as the first frame in the form, with an image-to-video model. */
export async function takeLastFrame(page: Page, pace: Pace): Promise<void> {
  await pace.click(page.getByRole('button', { name: 'Pause', exact: true }));
  await page.keyboard.press('End');
  await expect(page.getByText('frame 17 of 17')).toBeVisible();
  await pace.click(page.getByRole('button', { name: 'Use this frame' }));
  await expect(page.getByRole('img', { name: 'First frame, as the model sees it' })).toBeVisible();
  await pace.look();
}

/** Opens the export dialog and chooses this format. */
export async function openExport({ app, page }: RunningApp, pace: Pace, format: string, file: string) {
  await answerSaveDialog(app, file);
  await pace.click(page.getByRole('button', { name: 'Export', exact: true }));
  const dialog = page.getByRole('dialog', { name: 'Export this video' });
  await dialog.getByLabel('Format').selectOption(format);
  await pace.look();
  return dialog;
}

/** Resolves when the dialog shows its progress. */
export async function startExport(dialog: Locator, pace: Pace): Promise<void> {
  await pace.click(dialog.getByRole('button', { name: 'Export' }));
  await expect(dialog.getByRole('meter', { name: 'Export progress' })).toBeVisible();
}

export async function exportGif(running: RunningApp, pace: Pace, file: string): Promise<void> {
  await startExport(await openExport(running, pace, 'gif', file), pace);
  await expect(running.page.getByText(`Saved to ${file}`)).toBeVisible();
  await pace.look();
}
