/** The command palette and the keys of the pages, on a fake main process. */
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../test/connect-window';
import { fakeMain, SLICES, video, type FakeMain } from '../../../test/fakes/main-process';
import type { Slices } from '../../shared/ipc';
import { copy } from '../copy';
import { useNavigation } from '../state/navigation';
import { filterItems } from '../ui/PickList';
import { App } from './App';

// happy-dom doesn't expose dialogs to assistive technology.
const HIDDEN = { hidden: true } as const;
const strings = copy.commands;

async function open(changes: Partial<Slices> = {}): Promise<FakeMain> {
  const main = fakeMain(changes);
  connectWindow(main);
  render(<App />);
  await screen.findByRole('navigation');
  return main;
}

async function run(search: string): Promise<void> {
  const user = userEvent.setup();
  await user.keyboard('{Control>}k{/Control}');
  await user.type(screen.getByRole('combobox', { name: strings.search, ...HIDDEN }), search);
  await user.keyboard('{Enter}');
  expect(screen.queryByRole('combobox', { name: strings.search, ...HIDDEN })).toBeNull();
}

test('a command is found by words in any order and runs with Enter, also from inside a field', async () => {
  const main = await open({ library: [video('b'), video('a')] });
  screen.getByLabelText('Prompt').focus();
  await run('queue pause');
  expect(main.callsOf('pauseQueue')).toEqual([{ isPaused: true }]);
  await run('sound');
  expect(main.callsOf('updateSettings')).toEqual([{ soundWhenDone: true }]);
  await run('compare newest');
  expect(useNavigation.getState().comparedIds).toEqual(['b', 'a']);
  await run('models');
  expect(useNavigation.getState().page).toBe('models');
  await run('history');
  expect(useNavigation.getState().page).toBe('create');
  expect(screen.getByRole('combobox', { name: copy.prompts.search, ...HIDDEN })).toBeInTheDocument();
});

test('Ctrl and a number opens a page; the palette shows the keys', async () => {
  await open({ settings: { ...SLICES.settings } });
  const user = userEvent.setup();
  await user.keyboard('{Control>}5{/Control}');
  expect(screen.getByRole('heading', { name: copy.settings.title })).toBeVisible();
  await user.keyboard('{Control>}k{/Control}');
  const option = screen.getByRole('option', {
    name: new RegExp(strings.goTo({ page: copy.app.pages.library })),
    ...HIDDEN,
  });
  expect(within(option).getByText(strings.pageKey({ number: 2 }))).toBeInTheDocument();
  // The Create page, and so Generate, isn't mounted.
  expect(screen.queryByRole('option', { name: new RegExp(`^${copy.create.generate}`), ...HIDDEN })).toBeNull();
});

test('the palette has every action of the video on the stage', async () => {
  const main = await open({ library: [video('one')] });
  await userEvent.setup().keyboard('{Control>}k{/Control}');
  const { makeAgain, useSettings, copyPrompt, saveAs, showInFolder, compareThis, deleteThis, editTags } = copy.videos;
  const { finish } = copy.results;
  const names = screen.getAllByRole('option', HIDDEN).map(({ textContent }) => textContent);
  for (const name of [finish, makeAgain, useSettings, copyPrompt, saveAs, showInFolder, deleteThis])
    expect(names).toContain(name);
  for (const [name, key] of [
    [compareThis, 'C'],
    [copy.export.title, 'E'],
    [editTags, 'T'],
    [copy.nextVideo.continueHint, 'N'],
  ] as const)
    expect(names).toContain(`${name}${key}`);
  await userEvent.setup().click(screen.getByRole('option', { name: deleteThis, ...HIDDEN }));
  expect(main.callsOf('discardVideos')).toEqual([{ videoIds: ['one'] }]);
});

test('a search matches each word anywhere in the label or its keywords', () => {
  const items = [
    { id: 'a', text: 'Go to Models', detail: 'Ctrl+3' },
    { id: 'b', text: 'Pause queue' },
  ];
  expect(filterItems(items, 'MODELS go').map(({ id }) => id)).toEqual(['a']);
  expect(filterItems(items, 'ctrl+3')).toHaveLength(1);
  expect(filterItems(items, 'go queue')).toEqual([]);
  expect(filterItems(items, ' ')).toHaveLength(2);
});
