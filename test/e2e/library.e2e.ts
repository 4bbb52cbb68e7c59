/** The library: marks, filters, selection, deletion and undo, by mouse and by keyboard. */
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { broken } from './axe';
import { expect, test } from './harness';
import { slices, tabTo } from './steps';
import { makeVideo } from './videos';

const PROMPTS = ['A fox in the snow', 'A ball on the beach', 'The sea at night'] as const;

const cards = (page: Page) => page.getByRole('list', { name: 'Library', exact: true }).getByRole('listitem');
const card = (page: Page, prompt: string) => cards(page).filter({ hasText: prompt });
const opener = (page: Page, prompt: string) => page.getByRole('button', { name: `Open: ${prompt}`, exact: true });

test('videos are marked, filtered, selected, deleted and restored, and the folder is watched', async ({ launch }) => {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'splitreel-e2e-'));
  const videos = path.join(dataFolder, 'videos');
  mkdirSync(videos);
  PROMPTS.forEach((prompt, index) => makeVideo(videos, prompt, index));
  const { page, screenshot } = await launch({ dataFolder });
  await page.keyboard.press('Control+2');
  await expect(cards(page)).toHaveCount(3);

  await tabTo(page, opener(page, PROMPTS[0]));
  await page.keyboard.press('f');
  await page.keyboard.press('4');
  await expect(card(page, PROMPTS[0]).getByRole('button', { name: 'Remove from favorites' })).toBeVisible();
  await expect(card(page, PROMPTS[0]).getByRole('img', { name: 'Rating: 4 of 5' })).toBeVisible();
  await page.keyboard.press('t');
  await page.keyboard.type('winter');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Remove the tag winter' })).toBeVisible();
  await screenshot('library-tags');
  expect(await broken(page, 'tags')).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(opener(page, PROMPTS[0])).toBeFocused();

  await card(page, PROMPTS[1]).hover();
  await expect(card(page, PROMPTS[1]).locator('video[data-ready]')).toBeVisible();
  await card(page, PROMPTS[2]).hover();
  await expect(card(page, PROMPTS[1]).locator('video')).toHaveCount(0);

  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  const popover = page.getByRole('dialog', { name: 'Filter' });
  await popover.getByLabel('Favorites only').click();
  await popover.getByRole('button', { name: 'winter' }).click();
  await expect(cards(page)).toHaveCount(1);
  await screenshot('library-filter');
  expect(await broken(page, 'filters')).toEqual([]);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+1');
  await page.keyboard.press('Control+2');
  await page.getByRole('button', { name: 'Remove the filter winter' }).click();
  await expect(cards(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(cards(page)).toHaveCount(3);
  await page.getByRole('searchbox', { name: 'Search prompts and tags' }).fill('winter');
  await expect(cards(page)).toHaveCount(1);
  await page.getByRole('searchbox', { name: 'Search prompts and tags' }).fill('');

  await opener(page, PROMPTS[0]).click({ modifiers: ['Control'] });
  await opener(page, PROMPTS[2]).click({ modifiers: ['Shift'] });
  const bar = page.getByRole('region', { name: 'Selection' });
  await expect(bar.getByText('3 selected')).toBeVisible();
  await screenshot('library-selection');
  expect(await broken(page, 'selection')).toEqual([]);
  await bar.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('3 videos discarded.')).toBeVisible();
  expect((await slices(page)).library).toEqual([]);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(cards(page)).toHaveCount(3);
  await page.keyboard.press('Escape');
  await expect(bar).toHaveCount(0);
  expect((await slices(page)).library[0]?.marks).toEqual({ isFavorite: true, rating: 4, tags: ['winter'] });

  renameSync(path.join(videos, `${PROMPTS[0]}.mp4`), path.join(videos, 'renamed.mp4'));
  copyFileSync(path.join(videos, `${PROMPTS[1]}.mp4`), path.join(videos, 'copy.mp4'));
  rmSync(path.join(videos, `${PROMPTS[2]}.mp4`));
  const names = async () => (await slices(page)).library.map(({ fileName }) => fileName).sort();
  await expect.poll(names).toEqual(['A ball on the beach.mp4', 'copy.mp4', 'renamed.mp4']);
  await expect(card(page, PROMPTS[0]).getByRole('button', { name: 'Remove from favorites' })).toBeVisible();

  await useMenuByKeys(page, screenshot);
  await selectByKeys(page);
});

/** The Menu key, an entry chosen by its first letters, and a video's page. */
async function useMenuByKeys(page: Page, screenshot: (name: string) => Promise<void>): Promise<void> {
  await tabTo(page, page.locator('[data-current]').getByRole('button', { name: /^Open: / }));
  await page.keyboard.press('Home');
  const isThere = () => opener(page, PROMPTS[0]).evaluate((element) => element === document.activeElement);
  for (let moves = 0; moves < 2 && !(await isThere()); moves += 1) await page.keyboard.press('ArrowRight');
  await expect(opener(page, PROMPTS[0])).toBeFocused();
  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitemcheckbox', { name: 'Favorite' })).toBeChecked();
  await screenshot('library-menu');
  expect(await broken(page, 'menu')).toEqual([]);
  await page.keyboard.type('Fav');
  await page.keyboard.press('Enter');
  await expect(card(page, PROMPTS[0]).getByRole('button', { name: 'Add to favorites' })).toBeAttached();
  await expect(opener(page, PROMPTS[0])).toBeFocused();
  await page.keyboard.press('ContextMenu');
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Details' }));
  await page.keyboard.press('Enter');
  const facts = page.getByRole('region', { name: 'Video details' });
  await expect(facts.getByText('renamed.mp4')).toBeVisible();
  await screenshot('video-facts');
  expect(await broken(page, 'facts')).toEqual([]);
}

/** Arrow keys, Space, Shift, a dialog, a deletion and Ctrl+Z; the focus is always on a card afterwards. */
async function selectByKeys(page: Page): Promise<void> {
  const focused = page.locator('[data-roving] button:focus');
  await page.keyboard.press('Control+2');
  await tabTo(page, page.locator('[data-current]').getByRole('button', { name: /^Open: / }));
  await page.keyboard.press('End');
  await expect(focused).toHaveCount(1);
  for (const key of ['Home', 'Space', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowLeft'])
    await page.keyboard.press(key);
  const bar = page.getByRole('region', { name: 'Selection' });
  await expect(bar.getByText('2 selected')).toBeVisible();
  await page.keyboard.press('e');
  await expect(page.getByRole('dialog', { name: 'Export 2 videos' })).toBeVisible();
  expect(await broken(page, 'export')).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(focused).toHaveCount(1);
  await page.keyboard.press('Delete');
  await expect(cards(page)).toHaveCount(1);
  await expect(focused).toHaveCount(1);
  await page.keyboard.press('Control+z');
  await expect(cards(page)).toHaveCount(3);
  await page.keyboard.press('Escape');
  await expect(bar).toHaveCount(0);
  for (const key of ['Home', 'Shift+ArrowRight', 'c']) await page.keyboard.press(key);
  await expect(page.getByRole('region', { name: 'Comparison' }).locator('video')).toHaveCount(2);
}
