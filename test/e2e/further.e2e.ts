/** A video taken further: its frame as the first of another one, and a continuation that is joined to it. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { answerFolderDialogue, expect, test } from './harness';
import { generateButton, newestFile, probe, readySlot, slices, waitForJob } from './steps';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
/** A model of random weights that starts from an image, and an image that is wider than its videos. */
const PREPARE = `
import sys
from pathlib import Path
from PIL import Image
from splitreel.models.cogvideox.random_model import make_model
make_model("i2v-5b", Path(sys.argv[1]) / "dreamer")
Image.effect_mandelbrot((120, 40), (-2, -1.5, 1, 1.5), 20).convert("RGB").save(Path(sys.argv[1]) / "wide.png")
`;

test('an image is cropped as shown, a frame starts another video, and a continuation becomes one with it', async ({
  launch,
}) => {
  test.setTimeout(180_000);
  const { app, page, dataFolder, screenshot } = await launch({ withEnvironment: true });
  const python = path.join(dataFolder, 'environment', 'slots', await readySlot(page), 'bin', 'python');
  execFileSync(python, ['-c', PREPARE, dataFolder], { env: { PYTHONPATH: path.join(ROOT, 'python') } });
  await answerFolderDialogue(app, path.join(dataFolder, 'dreamer'));
  await page.evaluate(() => window.splitreel.addModelFolder());
  await page.getByLabel('Model', { exact: true }).selectOption({ label: 'dreamer' });
  await answerFolderDialogue(app, path.join(dataFolder, 'wide.png'));
  await page.getByRole('button', { name: 'Choose or drop an image' }).click();
  await expect(page.getByText(/120 × 40, cropped to/)).toBeVisible();
  await page.getByRole('slider', { name: 'Which part to keep' }).press('Home');
  await page.getByLabel('Prompt', { exact: true }).fill('a small dog on the beach');
  await page.getByLabel('Steps').fill('2');
  await screenshot('first-frame-1280-dark');
  await generateButton(page).click();
  await waitForJob(page, 'finished');
  const { request } = (await slices(page)).library[0]?.metadata ?? {};
  expect(request).toMatchObject({ imageFit: 'crop', imagePosition: 0 });
  const frames = Number(probe(await newestFile(page)).nb_read_frames);

  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('button', { name: 'Next frame' }).click();
  await page.getByRole('button', { name: 'Use this frame' }).click();
  await expect(page.getByText(/Frame \d+ is now the first frame of the next video\./)).toBeVisible();
  await expect(page.getByRole('button', { name: /-frame-\d+\.png$/ })).toBeVisible();

  await page.getByRole('button', { name: 'Continue from the last frame' }).click();
  await expect(page.getByText(/: the new part is joined to it, and both files are kept\.$/)).toBeVisible();
  await screenshot('continue-1280-dark');
  await generateButton(page).click();
  await waitForJob(page, 'finished', 1);
  await expect.poll(async () => (await slices(page)).library[0]?.metadata.parts?.length, { timeout: 30_000 }).toBe(2);
  expect(Number(probe(await newestFile(page)).nb_read_frames)).toBe(2 * frames - 1);
  expect((await slices(page)).library).toHaveLength(3);
  await expect(page.getByText(/^2 parts, /)).toBeVisible();
  await screenshot('joined-1280-dark');
});
