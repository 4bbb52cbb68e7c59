/** Rewriting prompts with a server and with a command: set up, used and undone in the real window. */
import { expect, test } from './harness';
import { agreeToQuestions, REWRITTEN, startServer, writeProgram } from './rewriter';
import { fillForm, generateButton, slices, waitForJob } from './steps';

const KEY = 'sk-only-for-this-server';

test('by mouse: a server is set up and tried, a suggestion accepted, undone, redone and generated, and a restart keeps it', async ({
  launch,
}) => {
  const server = await startServer();
  const first = await launch({ withEnvironment: true });
  const { page, dataFolder } = first;
  const questions = await agreeToQuestions(first.app);
  await fillForm(page, { prompt: 'a red ball rolls', steps: 2 });
  await expect(page.getByRole('button', { name: 'Rewrite' })).toHaveCount(0);

  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  const section = page.getByRole('region', { name: 'Prompt rewriting' });
  await section.getByLabel('Rewrite prompts with').selectOption('endpoint');
  await section.getByLabel('Address').fill(server.address);
  await section.getByLabel('Model').fill('llama3');
  await section.getByRole('button', { name: 'Save' }).click();
  await section.getByRole('button', { name: 'Add key' }).click();
  await page.getByRole('dialog').getByLabel('API key').fill(KEY);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(section.getByText(/^Kept until Splitreel closes/)).toBeVisible();
  expect(await questions()).toEqual([expect.stringMatching(/^Send prompts to 127\.0\.0\.1:\d+ for rewriting\?\n/)]);
  await section.getByRole('button', { name: 'Rewrite this prompt' }).click();
  await expect(section.getByRole('group', { name: 'Answer' })).toHaveText(REWRITTEN);
  expect(server.requests.map(({ key }) => key)).toEqual([`Bearer ${KEY}`]);

  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const prompt = page.getByLabel('Prompt', { exact: true });
  await page.getByRole('button', { name: 'Rewrite' }).click();
  const suggestion = page.getByRole('region', { name: 'Suggested by llama3' });
  await expect(suggestion).toContainText('blue background');
  await expect(prompt).toHaveValue('a red ball rolls');
  await suggestion.getByRole('button', { name: 'Accept' }).click();
  await expect(prompt).toHaveValue(REWRITTEN);
  await page.keyboard.press('Control+z');
  await expect(prompt).toHaveValue('a red ball rolls');
  await page.keyboard.press('Control+Shift+z');
  await generateButton(page).click();
  await waitForJob(page, 'finished');
  const after = await slices(page);
  expect(after.jobs.at(-1)?.request.prompt).toBe(REWRITTEN);
  expect(after.promptHistory.map((used) => used.prompt)).toEqual([REWRITTEN, 'a red ball rolls']);
  expect(JSON.stringify(after)).not.toContain(KEY);
  expect(after.library[0]?.metadata.request.rewrittenFrom).toBe('a red ball rolls');
  await page.getByRole('button', { name: 'Library', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Search prompts and tags' }).fill('a red ball rolls');
  await page.getByRole('button', { name: /^Open/ }).click();
  await page.getByRole('region', { name: 'About this video' }).getByRole('button', { name: 'Details' }).click();
  await expect(page.getByText('Rewritten from').locator('xpath=following-sibling::*[1]')).toHaveText(
    'a red ball rolls',
  );
  await first.app.close();

  const second = await launch({ dataFolder });
  await second.page.getByRole('button', { name: 'Rewrite' }).click();
  await second.page
    .getByRole('region', { name: 'Suggested by llama3' })
    .getByRole('button', { name: 'Discard' })
    .click();
  await expect(second.page.getByLabel('Prompt', { exact: true })).toHaveValue(REWRITTEN);
  // Without a keychain, the key isn't written to disk.
  expect(server.requests.at(-1)).toEqual({ key: undefined, prompt: REWRITTEN });
  await server.close();
});

test('by keys: from the hint to Settings, a command, the suggestion edited and accepted; a failure says what to do', async ({
  launch,
}) => {
  const running = await launch({ withEnvironment: true });
  const { page, dataFolder } = running;
  const questions = await agreeToQuestions(running.app);
  const file = writeProgram(dataFolder, `read prompt; test "$prompt" = 一个红球 && echo "${REWRITTEN}" || exit 3`);
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.focus();
  await page.keyboard.insertText('一个红球');
  await expect(page.getByText('This model was trained on English prompts.')).toBeVisible();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Rewrite prompts with')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.insertText(file);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await slices(page)).settings.rewriter.kind).toBe('command');
  expect(await questions()).toEqual([expect.stringContaining(file)]);

  await page.keyboard.press('Control+1');
  await prompt.focus();
  await page.keyboard.press('Control+Shift+r');
  await expect(page.getByRole('region', { name: 'Suggested by rewrite-prompt' })).toContainText(REWRITTEN);
  await page.keyboard.press('Control+Shift+r');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText(' Slow motion.');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(prompt).toHaveValue(`${REWRITTEN} Slow motion.`);

  await page.keyboard.press('Control+k');
  await page.keyboard.insertText('Rewrite the prompt');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The rewriting command rewrite-prompt ended with exit code 3.')).toBeVisible();
  await expect(prompt).toHaveValue(`${REWRITTEN} Slow motion.`);
});
