/** Screenshots of rewriting: its settings, and a suggestion in the form, in both languages. */
import { expect, test } from './harness';
import { resize, setTheme, THEMES } from './looks';
import { agreeToQuestions, startServer } from './rewriter';

const SIZES = [
  [900, 600],
  [1280, 800],
] as const;

test('rewriting, at 900x600 and 1280x800', async ({ launch }) => {
  const server = await startServer();
  const running = await launch({ withEnvironment: true });
  const { page, screenshot } = running;
  await agreeToQuestions(running.app);
  const prompt = page.locator('textarea').first();
  await prompt.fill('一个红球');
  await screenshot('rewriting-hint');
  const remote = { kind: 'endpoint', command: '', address: 'https://api.example.com/v1', model: 'a-model' } as const;
  await page.evaluate((rewriter) => window.splitreel.setRewriter(rewriter), remote);
  await prompt.fill('a red ball rolls on a background');
  await page.getByRole('button', { name: 'Rewrite' }).hover();
  await page.waitForTimeout(600);
  await screenshot('rewriting-tooltip');
  for (const language of ['en', 'zh-CN'] as const) {
    await page.evaluate((wanted) => window.splitreel.updateSettings({ language: wanted }), language);
    await page.waitForTimeout(1_500);
    for (const [width, height] of SIZES) {
      await resize(running, width, height);
      for (const theme of THEMES) {
        await setTheme(page, theme);
        const name = `rewriting-${language}-${String(width)}-${theme}`;
        await page.evaluate((rewriter) => window.splitreel.setRewriter(rewriter), remote);
        await page.keyboard.press('Control+5');
        await page.locator('[aria-expanded="false"]').last().click();
        await page.locator('section[aria-label] h2').first().scrollIntoViewIfNeeded();
        await screenshot(`${name}-settings`);
        await page.evaluate((rewriter) => window.splitreel.setRewriter(rewriter), {
          ...remote,
          address: server.address,
          model: 'qwen3:8b',
        });
        await page.keyboard.press('Control+1');
        await prompt.focus();
        await page.keyboard.press('Control+Shift+r');
        await expect(page.locator('ins').first()).toBeVisible();
        await page.waitForTimeout(300);
        await screenshot(`${name}-suggestion`);
        await page.keyboard.press('Control+Shift+r');
        await page.keyboard.press('Escape');
      }
    }
  }
  await server.close();
});
