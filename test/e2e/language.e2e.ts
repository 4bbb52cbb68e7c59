/** The window in the system's language, Chinese, then in English and back. */
import { expect, test } from './harness';
import { slices } from './steps';

const PAGES = { 创作: '提示词', 视频库: '还没有视频', 模型: '添加文件夹', 本机: 'Python 环境', 设置: '主题' } as const;

test('the window follows a Chinese system, and a change of language applies at once', async ({ launch }) => {
  const { app, page, dataFolder } = await launch({ locale: 'zh_CN.UTF-8' });
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  for (const [name, text] of Object.entries(PAGES)) {
    await page.getByRole('button', { name, exact: true }).click();
    await expect(page.getByText(text, { exact: true }).first()).toBeVisible();
  }

  await page.getByLabel('语言 (Language)').selectOption('English');
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await page.getByRole('button', { name: 'Library', exact: true }).click();
  await expect(page.getByText('No videos yet')).toBeVisible();
  await app.close();

  const again = await launch({ locale: 'zh_CN.UTF-8', dataFolder });
  await again.page.getByRole('button', { name: 'Settings', exact: true }).click();
  expect((await slices(again.page)).settings.language).toBe('en');
  await again.page.getByLabel('Language').selectOption('Match the system');
  await expect(again.page.getByRole('heading', { name: '设置', exact: true })).toBeVisible();
  await expect(again.page.locator('html')).toHaveAttribute('lang', 'zh-CN');
});

test('error messages are in Chinese too', async ({ launch }) => {
  const { page } = await launch({ locale: 'zh_CN.UTF-8' });
  await page.getByRole('button', { name: '本机', exact: true }).click();
  await page.getByRole('button', { name: '检查本机' }).click();
  await expect(page.getByText('尚未安装 Python 环境。').first()).toBeVisible({ timeout: 60_000 });
});
