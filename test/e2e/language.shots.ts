/** Screenshots of every page in Chinese, by size and theme: `npm run screenshots -- language`. Needs a Chinese font. */
import { expect, test } from './harness';
import { resize, setTheme, SIZES, THEMES } from './looks';
import { DEMO_SENTENCE, fillForm, slices, waitForJob } from './steps';

const PAGES = { create: '创作', library: '视频库', models: '模型', machine: '本机', settings: '设置' } as const;

test('every page in Chinese', async ({ launch }) => {
  const running = await launch({ withEnvironment: true, gpus: '2' });
  await running.page.getByLabel('Prompt', { exact: true }).fill(DEMO_SENTENCE);
  await expect.poll(async () => (await slices(running.page)).settings.draft?.request.prompt).toBe(DEMO_SENTENCE);
  await running.page.evaluate(() => window.splitreel.updateSettings({ language: 'zh-CN' }));
  await expect(running.page.getByRole('heading', { name: '设置', exact: true })).toBeVisible();
  await expect.poll(async () => (await slices(running.page)).machine.gpus.length).toBe(2);
  for (const [width, height] of SIZES) {
    await resize(running, width, height);
    for (const theme of THEMES) {
      await setTheme(running.page, theme);
      for (const [name, label] of Object.entries(PAGES)) {
        await running.page.getByRole('button', { name: label, exact: true }).click();
        await running.page.waitForTimeout(150);
        await running.screenshot(`chinese-${name}-${String(width)}-${theme}`);
      }
    }
  }
});

test('a first start and a finished video in Chinese', async ({ launch }) => {
  const first = await launch({ locale: 'zh_CN.UTF-8' });
  await expect(first.page.getByRole('button', { name: '安装' })).toBeVisible();
  await first.screenshot('chinese-first-start');
  await first.app.close();

  const running = await launch({ withEnvironment: true });
  const { page } = running;
  await fillForm(page, { steps: 4, frames: 9 });
  await page.getByRole('button', { name: 'Generate' }).click();
  await waitForJob(page, 'finished');
  await page.evaluate(() => window.splitreel.updateSettings({ language: 'zh-CN' }));
  await page.getByRole('button', { name: '视频库', exact: true }).click();
  await page.waitForTimeout(1_000);
  await running.screenshot('chinese-library');
  await page.getByRole('listitem').first().getByRole('button').first().click();
  await page.waitForTimeout(700);
  for (const [width, height] of SIZES) {
    await resize(running, width, height);
    await running.screenshot(`chinese-finished-${String(width)}`);
  }
  await page.keyboard.press('?');
  await page.waitForTimeout(300);
  await running.screenshot('chinese-shortcuts');
});
