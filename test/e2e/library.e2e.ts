/** A library of several videos: marked, found, selected, deleted and brought back, by mouse and by keyboard. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { metadata } from '../fakes/mp4';
import { request } from '../fakes/request';
import { broken } from './axe';
import { expect, test } from './harness';
import { slices } from './steps';

const PROMPTS = ['A fox in the snow', 'A ball on the beach', 'The sea at night'] as const;

/** A short video with the settings of ours in it, made without the engine. */
function makeVideo(folder: string, prompt: string, index: number): void {
  const comment = JSON.stringify(metadata({ request: request({ prompt, seed: index, width: 256, height: 160 }) }));
  const file = path.join(folder, `.${String(index)}.mp4`);
  const source = `testsrc2=size=256x160:rate=8:duration=2,hue=h=${String(index * 70)}`;
  const args = [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    source,
    '-pix_fmt',
    'yuv420p',
    '-metadata',
    `comment=${comment}`,
    file,
  ];
  execFileSync('ffmpeg', args);
  utimesSync(file, 1_700_000_000 - index, 1_700_000_000 - index);
  renameSync(file, path.join(folder, `${prompt}.mp4`));
}

const cards = (page: Page) => page.getByRole('list', { name: 'Library', exact: true }).getByRole('listitem');
const card = (page: Page, prompt: string) => cards(page).filter({ hasText: prompt });
const opener = (page: Page, prompt: string) => page.getByRole('button', { name: `Open: ${prompt}`, exact: true });

test('videos are marked, found, selected, deleted and brought back, and the folder is followed', async ({ launch }) => {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'splitreel-e2e-'));
  const videos = path.join(dataFolder, 'videos');
  mkdirSync(videos);
  PROMPTS.forEach((prompt, index) => makeVideo(videos, prompt, index));
  const { page, screenshot } = await launch({ dataFolder });
  await page.keyboard.press('Control+2');
  await expect(cards(page)).toHaveCount(3);

  await opener(page, PROMPTS[0]).focus();
  await page.keyboard.press('f');
  await page.keyboard.press('4');
  await expect(card(page, PROMPTS[0]).getByRole('button', { name: 'Remove from favorites' })).toBeVisible();
  await expect(card(page, PROMPTS[0]).getByRole('img', { name: 'Rating: 4 of 5' })).toBeVisible();
  await page.keyboard.press('t');
  await page.getByLabel('Add a tag').fill('winter');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Remove the tag winter' })).toBeVisible();
  await screenshot('library-tags');
  await page.getByRole('button', { name: 'Done' }).click();

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

  await opener(page, PROMPTS[0]).focus();
  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menuitemcheckbox', { name: 'Favorite' })).toBeChecked();
  await screenshot('library-menu');
  expect(await broken(page, 'menu')).toEqual([]);
  await page.keyboard.type('Fav');
  await page.keyboard.press('Enter');
  await expect(card(page, PROMPTS[0]).getByRole('button', { name: 'Add to favorites' })).toBeAttached();
  await opener(page, PROMPTS[0]).focus();
  await page.keyboard.press('ContextMenu');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Details' }).click();
  const facts = page.getByRole('region', { name: 'Video details' });
  await expect(facts.getByText('renamed.mp4')).toBeVisible();
  await screenshot('video-facts');
  expect(await broken(page, 'facts')).toEqual([]);
});
