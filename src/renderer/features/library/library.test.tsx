/** The library on a fake main process: search, and a page that does not grow with the number of videos. */
import { act, cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';
import { fakeMain, video } from '../../../../test/fakes/main-process';
import { copy } from '../../copy';
import { connectProjection, useProjection } from '../../state/projection';
import { useToasts } from '../../state/send';
import { TooltipProvider } from '../../ui/Tooltip';
import { LibraryPage } from './LibraryPage';

let stop = (): void => undefined;
afterEach(() => {
  cleanup();
  stop();
  useProjection.setState({ revision: 0, slices: null });
});

async function open(count: number) {
  const main = fakeMain({ library: Array.from({ length: count }, (_, index) => video(String(index))) });
  Object.defineProperty(window, 'splitreel', { value: main.api, configurable: true, writable: true });
  stop = connectProjection(main.api);
  await act(() => Promise.resolve());
  render(
    <TooltipProvider>
      <LibraryPage />
    </TooltipProvider>,
  );
  return main;
}

const cards = () => within(screen.getByRole('list', { name: copy.library.title })).queryAllByRole('listitem');

test('of 10,000 videos only those in sight are in the document', async () => {
  await open(10_000);
  expect(screen.getByText('10,000 videos')).toBeVisible();
  expect(cards().length).toBeGreaterThan(4);
  expect(cards().length).toBeLessThan(60);
});

test('a search leaves the videos whose prompt contains it', async () => {
  await open(300);
  const user = userEvent.setup();
  await user.type(screen.getByLabelText(copy.library.search), 'video 299');
  expect(cards()).toHaveLength(1);
  await user.type(screen.getByLabelText(copy.library.search), ' nowhere');
  expect(cards()).toHaveLength(0);
  expect(screen.getByText(copy.library.nothingFound)).toBeVisible();
});

test('a video is deleted at once, and can be brought back', async () => {
  const main = await open(1);
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: copy.library.delete }));
  expect(main.callsOf('discardVideos')).toEqual([{ videoIds: ['0'] }]);
  useToasts.getState().toasts.at(-1)?.action?.run();
  expect(main.callsOf('restoreVideos')).toEqual([{ videoIds: ['0'] }]);
});
