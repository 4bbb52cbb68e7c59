/** Several prompts from one text, prompt history, undo, and presets exported to a file, in the real window. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { answerFolderDialog, answerSaveDialog, expect, test } from './harness';
import { fillForm, generateButton, slices } from './steps';

const prompt = 'Prompt';

test('a list shows its count and becomes jobs; history, undo and presets restore the form, also after a restart', async ({
  launch,
}) => {
  const first = await launch({ withEnvironment: true });
  const { page, dataFolder } = first;
  await expect(page.getByRole('group', { name: 'Prompt tools' })).toHaveCount(0);
  await fillForm(page, { prompt: 'a {red|green} ball\na star', steps: 2 });
  await page.evaluate(() => window.splitreel.pauseQueue({ isPaused: true }));
  await page.getByRole('switch', { name: 'One prompt per line' }).click();
  await expect(page.getByText(/^3 prompts/)).toBeVisible();
  await first.screenshot('prompt-list-1280-dark');
  await expect(generateButton(page)).toHaveText(/^Generate 3/);
  await generateButton(page).click();
  await expect
    .poll(async () => (await slices(page)).jobs.map(({ request }) => request.prompt))
    .toEqual(['a red ball', 'a green ball', 'a star']);

  await page.getByRole('button', { name: 'Presets', exact: true }).click();
  await page.getByLabel('Name').fill('two steps');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog').getByRole('option', { name: /two steps/ })).toBeVisible();
  const file = path.join(dataFolder, 'presets.json');
  await answerSaveDialog(first.app, file);
  await answerFolderDialog(first.app, file);
  await page.getByRole('button', { name: 'Export' }).click();
  await expect(page.getByText(`Saved to ${file}`)).toBeVisible();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('dialog').getByRole('option')).toHaveCount(0);
  await page.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('dialog').getByRole('option', { name: /two steps/ })).toBeVisible();
  writeFileSync(file, '{"splitreelPresets": 1, "presets": [{"name": "x", "settings": {}}]}');
  await page.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByText('presets.json contains no presets that Splitreel can read.')).toBeVisible();
  await first.screenshot('presets-1280-dark');
  await page.keyboard.press('Escape');
  await first.app.close();

  const second = await launch({ dataFolder });
  await fillForm(second.page, { prompt: 'something else', steps: 5 });
  await second.page.getByRole('button', { name: 'History' }).click();
  await second.page.keyboard.type('star green');
  await second.screenshot('history-1280-dark');
  await second.page.keyboard.press('Enter');
  await expect(second.page.getByLabel(prompt, { exact: true })).toHaveValue('a {red|green} ball\na star');
  await second.page.keyboard.press('Control+z');
  await expect(second.page.getByLabel(prompt, { exact: true })).toHaveValue('something else');
  await second.page.getByRole('button', { name: 'Presets', exact: true }).click();
  await second.page
    .getByRole('dialog')
    .getByRole('option', { name: /two steps/ })
    .click();
  await expect(second.page.getByLabel('Steps')).toHaveValue('2');
  await expect(second.page.getByLabel(prompt, { exact: true })).toHaveValue('something else');
  await second.page.getByRole('button', { name: 'Variations' }).click();
  await expect(second.page.getByRole('menuitem', { name: /Same prompt, 4 new seeds/ })).toBeVisible();
  await second.screenshot('variations-1280-dark');
});
