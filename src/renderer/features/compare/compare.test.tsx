/** Comparing from results, library and files, on a fake main process: what is shown, listed and removed. */
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, job, video, type FakeMain } from '../../../../test/fakes/main-process';
import { request } from '../../../../test/fakes/request';
import type { Slices, SplitreelApi } from '../../../shared/ipc';
import { App } from '../../app/App';
import { copy } from '../../copy';
import { compare, compareOrPick, toggleCompared } from '../../state/compare';
import { goTo } from '../../state/navigation';
import { compareCommand } from './keys';

const strings = copy.compare;
const GUEST = { ...video('guest'), id: 'guest-1', fileName: 'other.mp4', metadata: null };

async function open(changes: Partial<Slices>): Promise<FakeMain> {
  const { sizeBytes: _size, createdAtMs: _created, thumbnailUrl: _thumbnail, ...guest } = GUEST;
  const main = fakeMain(changes);
  let opened = 0;
  const openVideoFile: SplitreelApi['openVideoFile'] = () => {
    opened += 1;
    return Promise.resolve({ ok: true, value: { ...guest, id: `guest-${String(opened)}` } });
  };
  connectWindow({ api: { ...main.api, openVideoFile } });
  render(<App />);
  await screen.findByRole('navigation');
  return main;
}

const seeded = (id: string, seed: number) => video(id, { request: request({ prompt: 'a dog', seed }) });
const report = { totalMs: 1, msPerStep: 500, weightBytesRead: 0, stages: [], ranks: [], notices: [] };
const comparison = () => screen.getByRole('region', { name: strings.title });
const differences = () => screen.getByRole('region', { name: strings.differences });

test('one press compares all results of a job, and the list contains only their seeds', async () => {
  await open({
    library: [seeded('b', 8), seeded('a', 7)],
    jobs: [job({ status: 'finished', videoIds: ['a', 'b'], report }, 'a dog', 'j')],
    progress: { jobId: 'j', videos: [], ranks: [], msPerStep: null, msLeft: null },
  });
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: strings.start }));
  expect(comparison().querySelectorAll('video')).toHaveLength(2);
  expect(
    within(differences())
      .getAllByRole('row')
      .map((row) => row.textContent),
  ).toEqual([`${strings.setting}AB`, `${strings.settings.seed}78`]);
  await user.keyboard('w');
  expect(within(comparison()).getByRole('slider', { name: strings.wipe })).toBeVisible();
  await user.keyboard('d');
  expect(within(comparison()).getByRole('button', { name: strings.modes.difference })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await user.keyboard('c');
  expect(screen.queryByRole('region', { name: strings.title })).toBeNull();
});

test('up to four videos are added from the recent ones, the library and a file, and removed again', async () => {
  await open({ library: [1, 2, 3, 4, 5].map((seed) => seeded(`v${seed}`, seed)) });
  const user = userEvent.setup();
  await user.click(
    within(screen.getByRole('region', { name: copy.player.about })).getByRole('button', { name: strings.start }),
  );
  expect(within(comparison()).getByText(strings.hint)).toBeVisible();
  expect(within(comparison()).getByRole('button', { name: strings.modes.wipe })).toBeDisabled();
  const row = () => within(screen.getByRole('list', { name: copy.stage.recent })).getAllByRole('button');
  await user.click(row()[1] ?? comparison());
  await user.click(within(comparison()).getByRole('button', { name: strings.addFile }));
  await waitFor(() => expect(comparison().querySelectorAll('video')).toHaveLength(3));
  expect(differences()).toHaveTextContent(`${strings.settings.seed}12${strings.unknown}`);
  await user.click(screen.getByRole('button', { name: copy.app.pages.library }));
  fireEvent.contextMenu(
    screen.getAllByRole('button', { name: copy.library.open({ prompt: 'a dog' }) })[2] ?? document.body,
  );
  await user.click(screen.getByRole('menuitem', { name: strings.start }));
  await user.click(screen.getByRole('button', { name: strings.show }));
  expect(comparison().querySelectorAll('video')).toHaveLength(4);
  await user.click(row()[4] ?? comparison());
  expect(screen.getByText(strings.full({ max: 4 }))).toBeVisible();
  await user.click(within(comparison()).getByRole('button', { name: strings.removeVideo({ name: 'A' }) }));
  expect(comparison().querySelectorAll('video')).toHaveLength(3);
});

test('a discarded video makes room for another one, and an undo brings it back', async () => {
  const library = [1, 2, 3, 4, 5].map((seed) => seeded(`v${seed}`, seed));
  const main = await open({ library });
  act(() => compare(['v1', 'v2', 'v3', 'v4']));
  act(() => main.push('library', library.slice(1)));
  expect(comparison().querySelectorAll('video')).toHaveLength(3);
  act(() => main.push('library', library));
  expect(comparison().querySelectorAll('video')).toHaveLength(4);
  act(() => main.push('library', library.slice(1)));
  act(() => toggleCompared('v5'));
  expect(screen.queryByText(strings.full({ max: 4 }))).toBeNull();
  expect(comparison().querySelectorAll('video')).toHaveLength(4);
});

test('a discarded video does not count among those picked', async () => {
  const library = [1, 2, 3].map((seed) => seeded(`v${seed}`, seed));
  const main = await open({ library });
  act(() => compare(['v1', 'v2']));
  act(() => main.push('library', library.slice(1)));
  act(() => compareOrPick(['v2']));
  expect(screen.getByText(strings.picked({ count: 1 }))).toBeVisible();
});

test('frames are counted at one rate, so that the last one is the end of a video of any other', async () => {
  const smooth = { ...seeded('smooth', 1), frameRate: 60 };
  await open({ library: [seeded('plain', 1), smooth] });
  act(() => compare(['plain', 'smooth']));
  const total = 48;
  expect(within(comparison()).getByText(copy.player.frame({ frame: 1, total }))).toBeVisible();
  await userEvent.setup().keyboard('{End}');
  expect(within(comparison()).getByText(copy.player.frame({ frame: total, total }))).toBeVisible();
});

test('all dropped videos join the comparison, also from another page; one that cannot be played says so', async () => {
  await open({ library: [seeded('v1', 1)] });
  act(() => compare(['v1']));
  act(() => goTo('library'));
  const dropped = ['one.mp4', 'two.mp4'].map((name) => new File([], name, { type: 'video/mp4' }));
  fireEvent.dragOver(window, { dataTransfer: { types: ['Files'] } });
  expect(screen.getByText(strings.drop)).toBeVisible();
  fireEvent.drop(window, { dataTransfer: { files: dropped } });
  await waitFor(() => expect(comparison().querySelectorAll('video')).toHaveLength(3));
  const [first] = comparison().querySelectorAll('video');
  fireEvent.error(first ?? comparison());
  expect(within(comparison()).getByText(strings.broken)).toBeVisible();
});

test('unknown keys and keys with Ctrl or Alt are ignored', () => {
  const key = (changes: object) =>
    compareCommand({ key: 'w', ctrlKey: false, metaKey: false, altKey: false, ...changes });
  expect(key({})).toEqual({ type: 'mode', mode: 'wipe' });
  expect(key({ key: 'ArrowRight' })).toEqual({ type: 'step', frames: 1 });
  expect([key({ ctrlKey: true }), key({ altKey: true }), key({ key: 'x' })]).toEqual([null, null, null]);
});
