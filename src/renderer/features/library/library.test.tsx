/** The library on a fake main process: search, and a page that does not grow with the number of videos. */
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, video } from '../../../../test/fakes/main-process';
import type { LibraryVideo } from '../../../shared/library';
import { NO_FILTER } from '../../../shared/library-view';
import { copy } from '../../copy';
import { useNavigation } from '../../state/navigation';
import { useToasts } from '../../state/send';
import { TooltipProvider } from '../../ui/Tooltip';
import { VideoDialogs } from '../video';
import { LibraryPage } from './LibraryPage';

async function open(count: number, change: (video: LibraryVideo) => LibraryVideo = (each) => each) {
  const main = fakeMain({ library: Array.from({ length: count }, (_, index) => change(video(String(index)))) });
  connectWindow(main);
  await act(() => Promise.resolve());
  render(
    <TooltipProvider>
      <LibraryPage />
      <VideoDialogs />
    </TooltipProvider>,
  );
  return { main, user: userEvent.setup() };
}

const cards = () => within(screen.getByRole('list', { name: copy.library.title })).queryAllByRole('listitem');

test('of 10,000 videos only the visible ones are in the document', async () => {
  await open(10_000);
  expect(screen.getByText('10,000 videos')).toBeVisible();
  expect(cards().length).toBeGreaterThan(4);
  expect(cards().length).toBeLessThan(60);
});

test('a search shows the videos whose prompt contains it', async () => {
  const { user } = await open(300);
  await user.type(screen.getByLabelText(copy.library.search), 'video 299');
  expect(cards()).toHaveLength(1);
  await user.type(screen.getByLabelText(copy.library.search), ' nowhere');
  expect(cards()).toHaveLength(0);
  expect(screen.getByText(copy.libraryView.nothingFound)).toBeVisible();
});

const ids = () => cards().map((card) => card.dataset['videoId']);
const openButton = (id: string) =>
  screen.getByRole('button', { name: copy.library.open({ prompt: `the video ${id}` }) });
const bar = () => within(screen.getByRole('region', { name: copy.selection.title }));

test('of 10,000 videos filter and order show the right ones, and few are in the document', async () => {
  const favorite = { isFavorite: true, rating: 3, tags: ['kept'] };
  const { user } = await open(10_000, (each) => (each.id.endsWith('7') ? { ...each, marks: favorite } : each));
  await user.selectOptions(screen.getByLabelText(copy.libraryView.sort), 'prompt');
  await user.click(screen.getByRole('button', { name: copy.libraryView.filters({ count: 0 }) }));
  await user.click(screen.getByRole('switch', { name: copy.libraryView.favorites }));
  await user.click(screen.getByRole('button', { name: 'kept' }));
  expect(screen.getByText(copy.libraryView.found({ found: 1_000, count: 10_000 }))).toBeInTheDocument();
  expect(ids().slice(0, 3)).toEqual(['1007', '1017', '1027']);
  expect(cards().length).toBeLessThan(60);
  await user.click(screen.getByRole('button', { name: copy.libraryView.removeFilter({ filter: 'kept' }) }));
  await user.click(screen.getByRole('button', { name: copy.libraryView.clear }));
  expect(ids().slice(0, 3)).toEqual(['0', '1', '10']);
});

test('filter and order are kept in the settings', async () => {
  const { main, user } = await open(3);
  await user.selectOptions(screen.getByLabelText(copy.libraryView.sort), 'rating');
  expect(main.callsOf('updateSettings')).toEqual([{ libraryView: { sort: 'rating', filter: NO_FILTER } }]);
});

test('F, a digit and Delete act on the focused video', async () => {
  const { main, user } = await open(3);
  openButton('1').focus();
  await user.keyboard('f4');
  expect(main.callsOf('markVideos')).toEqual([
    { videoIds: ['1'], change: { isFavorite: true } },
    { videoIds: ['1'], change: { rating: 4 } },
  ]);
  await user.keyboard('{Delete}');
  expect(main.callsOf('discardVideos')).toEqual([{ videoIds: ['1'] }]);
  useToasts.getState().toasts.at(-1)?.action?.run();
  expect(main.callsOf('restoreVideos')).toEqual([{ videoIds: ['1'] }]);
});

test('arrow keys move between cards, and Tab reaches one of them', async () => {
  const { user } = await open(500);
  await user.click(screen.getByLabelText(copy.libraryView.sort));
  await user.tab();
  await user.tab();
  await user.tab();
  expect(openButton('0')).toHaveFocus();
  await user.keyboard('{ArrowDown}{ArrowDown}{ArrowLeft}');
  expect(openButton('7')).toHaveFocus();
  expect(screen.getAllByRole('button', { name: /^Open: / }).filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1);
  await user.keyboard('{End}');
  expect(openButton('499')).toHaveFocus();
  expect(cards().at(-1)).toHaveAttribute('aria-posinset', '500');
  expect(cards().at(-1)).toHaveAttribute('aria-setsize', '500');
  await user.keyboard('{Home}{ArrowUp}');
  expect(openButton('0')).toHaveFocus();
  await user.tab();
  expect(screen.getByRole('checkbox', { name: copy.selection.select({ prompt: 'the video 0' }) })).toHaveFocus();
});

test('Space selects, Shift with an arrow key extends, and Enter opens', async () => {
  const { user } = await open(6);
  openButton('1').focus();
  await user.keyboard(' {Shift>}{ArrowRight}{ArrowRight}{ArrowLeft}{/Shift}');
  expect(bar().getByText(copy.selection.count({ count: 2 }))).toBeVisible();
  expect(openButton('2')).toHaveFocus();
  await user.keyboard(' {Escape}{Enter}');
  expect(useNavigation.getState().openVideoId).toBe('2');
});

test('after a deletion the next card has the focus, and Ctrl+Z brings the videos back', async () => {
  const { main, user } = await open(4);
  openButton('1').focus();
  await user.keyboard(' {Shift>}{ArrowRight}{/Shift}{Delete}');
  act(() => main.push('library', [video('0'), video('3')]));
  expect(openButton('3')).toHaveFocus();
  await user.keyboard('{Control>}z{/Control}');
  expect(main.callsOf('restoreVideos')).toEqual([{ videoIds: ['1', '2'] }]);
  expect(useToasts.getState().toasts).toEqual([]);
  await user.keyboard('{Control>}z{/Control}');
  expect(main.callsOf('restoreVideos')).toHaveLength(1);
});

test('a dialog that a key or a menu has opened gives the focus back to the card', async () => {
  const { user } = await open(2);
  openButton('1').focus();
  await user.keyboard('t');
  await user.click(screen.getByRole('button', { name: copy.tagEditor.done }));
  expect(openButton('1')).toHaveFocus();
  fireEvent.contextMenu(openButton('1'));
  await user.click(screen.getByRole('menuitem', { name: new RegExp(`^${copy.videos.editTags}`) }));
  await user.click(screen.getByRole('button', { name: copy.tagEditor.done }));
  expect(openButton('1')).toHaveFocus();
});

test('letters in an open menu search it, and do not act on the selection', async () => {
  const { main, user } = await open(2);
  await user.keyboard('{Control>}a{/Control}');
  fireEvent.contextMenu(openButton('1'));
  await user.keyboard('f{Delete}');
  expect([...main.callsOf('markVideos'), ...main.callsOf('discardVideos')]).toEqual([]);
});

test('Ctrl, Shift and the checkbox select; the bar and the keys act on all of them', async () => {
  const { main, user } = await open(6);
  await user.keyboard('{Control>}');
  await user.click(openButton('1'));
  await user.keyboard('{/Control}{Shift>}');
  await user.click(openButton('3'));
  await user.keyboard('{/Shift}');
  await user.click(screen.getByRole('checkbox', { name: copy.selection.select({ prompt: 'the video 5' }) }));
  expect(bar().getByText(copy.selection.count({ count: 4 }))).toBeVisible();
  expect(useNavigation.getState().openVideoId).toBeNull();
  await user.click(bar().getByRole('button', { name: copy.videos.compare }));
  expect(useNavigation.getState().comparedIds).toEqual(['1', '2', '3', '5']);
  await user.keyboard('{Control>}a{/Control}');
  expect(bar().getByRole('button', { name: copy.videos.compare })).toBeDisabled();
  await user.click(bar().getByRole('button', { name: copy.videos.delete }));
  expect(main.callsOf('discardVideos')).toEqual([{ videoIds: ['0', '1', '2', '3', '4', '5'] }]);
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('region', { name: copy.selection.title })).toBeNull();
});

test('actions skip videos hidden by a search', async () => {
  const { main, user } = await open(3);
  await user.keyboard('{Control>}a{/Control}');
  await user.type(screen.getByLabelText(copy.library.search), 'video 1');
  await user.click(bar().getByRole('button', { name: copy.videos.delete }));
  expect(main.callsOf('discardVideos')).toEqual([{ videoIds: ['1'] }]);
});

test('a drag takes the whole selection along', async () => {
  const { main, user } = await open(4);
  await user.keyboard('{Control>}');
  await user.click(openButton('0'));
  await user.click(openButton('2'));
  await user.keyboard('{/Control}');
  fireEvent.dragStart(openButton('2'));
  fireEvent.dragStart(openButton('3'));
  expect(main.callsOf('dragVideos')).toEqual([{ videoIds: ['0', '2'] }, { videoIds: ['3'] }]);
});

test("a card's menu marks, generates again and copies", async () => {
  const { main, user } = await open(2);
  const choose = async (name: string, role: 'menuitem' | 'menuitemcheckbox' = 'menuitem') => {
    fireEvent.contextMenu(openButton('1'));
    await user.click(screen.getByRole(role, { name: new RegExp(`^${name}`) }));
  };
  await choose(copy.videos.favorite, 'menuitemcheckbox');
  expect(main.callsOf('markVideos')).toEqual([{ videoIds: ['1'], change: { isFavorite: true } }]);
  await choose(copy.videos.makeAgain);
  expect(main.callsOf('enqueueJobs')).toMatchObject([{ jobs: [{ request: { prompt: 'the video 1' } }] }]);
  await choose(copy.videos.copyPrompt);
  expect(main.callsOf('copyText')).toEqual([{ text: 'the video 1' }]);
});

describe('playing under the pointer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const playing = () => [...document.querySelectorAll('video')].map(({ src }) => src);
  const rest = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
  const enter = (index: number) =>
    fireEvent(cards()[index]!, new PointerEvent('pointerenter', { pointerType: 'mouse' }));
  const leave = (index: number) =>
    fireEvent(cards()[index]!, new PointerEvent('pointerleave', { pointerType: 'mouse' }));

  test('one video plays once the pointer has rested on its card', async () => {
    await open(3);
    enter(0);
    await rest(200);
    leave(0);
    enter(1);
    await rest(299);
    expect(playing()).toEqual([]);
    await rest(1);
    expect(playing()).toEqual(['splitreel://video/1']);
    leave(1);
    await rest(0);
    expect(playing()).toEqual([]);
  });

  test('none plays where motion is reduced', async () => {
    vi.spyOn(window, 'matchMedia').mockReturnValue({ matches: true } as MediaQueryList);
    await open(1);
    enter(0);
    await rest(1_000);
    expect(playing()).toEqual([]);
    vi.restoreAllMocks();
  });
});

test('a tag in use keeps its spelling, and one of several videos shows on how many it is', async () => {
  const sea = { isFavorite: false, rating: 0, tags: ['Sea'] };
  const { main, user } = await open(2, (each) => (each.id === '0' ? { ...each, marks: sea } : each));
  await user.keyboard('{Control>}a{/Control}t');
  expect(screen.getByText(copy.tagEditor.onSome({ tag: 'Sea', count: 1, total: 2 }))).toBeInTheDocument();
  await user.type(screen.getByLabelText(copy.tagEditor.add), 'sea, night  time{Enter}');
  expect(main.callsOf('markVideos')).toEqual([{ videoIds: ['0', '1'], change: { addTags: ['Sea', 'night time'] } }]);
});
