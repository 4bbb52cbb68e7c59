/** Records the story for docs/window.md: `npm run screenshots -- story`. */
import path from 'node:path';
import { shotFile, test } from './harness';
import { resize, setTheme } from './looks';
import { startRecording } from './recording';
import { fillForm, waitForStep } from './steps';
import * as story from './story';

test('the story', async ({ launch }) => {
  const running = await launch({ withEnvironment: true });
  const { page, dataFolder } = running;
  await resize(running, 1280, 800);
  await setTheme(page, 'dark');
  await story.makeImageModel(running);
  await story.addImageModel(running);
  await fillForm(page, { prompt: '', ranks: 4, steps: 25, frames: 17 });
  await page.getByLabel('Prompt', { exact: true }).focus();
  const { pace, scene, save } = await startRecording(running, dataFolder);
  await scene(() => story.requestDrafts(page, pace));
  // Nothing to see while the workers start and load.
  await waitForStep(page, 1);
  await scene(() => story.waitForDrafts(page, pace));
  await scene(() => story.compareTwo(page, pace));
  await scene(() => story.finishLast(page, pace));
  await scene(() => story.takeLastFrame(page, pace));
  await scene(() => story.exportGif(running, pace, path.join(dataFolder, 'ball.gif')));
  await scene(async () => {
    await pace.click(page.getByRole('button', { name: 'Library', exact: true }));
    await pace.look();
  });
  save(shotFile('story.webp'));
});
