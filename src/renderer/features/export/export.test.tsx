/** The export dialog on a fake main process. */
import { act, cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, video } from '../../../../test/fakes/main-process';
import type { ExportState } from '../../../shared/export';
import { copy } from '../../copy';
import { useToasts } from '../../state/send';
import { TooltipProvider } from '../../ui/Tooltip';
import { ExportDialog } from './ExportDialog';

const strings = copy.export;
const VIDEO = video('v1');

function Opened() {
  const [isOpen, setIsOpen] = useState(true);
  return (
    <TooltipProvider>{isOpen && <ExportDialog videos={[VIDEO]} onClose={() => setIsOpen(false)} />}</TooltipProvider>
  );
}

async function open(exports: ExportState[] = [], answers: object = {}) {
  const main = fakeMain({ exports }, { exportVideo: '/home/jo/made.gif', ...answers });
  connectWindow(main);
  await act(() => Promise.resolve());
  render(<Opened />);
  return { main, user: userEvent.setup() };
}
const choose = (label: string) => screen.getByLabelText(label);
const startButton = () => screen.getAllByRole('button', { name: strings.start, hidden: true }).at(-1)!;

test('exports with the chosen options and shows the path', async () => {
  const { main, user } = await open();
  await user.selectOptions(choose(strings.format), 'gif');
  await user.selectOptions(choose(strings.motion), '24');
  expect(screen.queryByText(strings.processed)).not.toBeNull();
  await user.click(startButton());
  expect(main.callsOf('exportVideo')).toEqual([
    { videoId: VIDEO.id, request: { format: 'gif', fps: 24, scale: 1, frame: null } },
  ]);
  expect(useToasts.getState().toasts.map(({ text }) => text)).toEqual([
    copy.errors.saved({ path: '/home/jo/made.gif' }),
  ]);
  expect(screen.queryByLabelText(strings.format)).toBeNull();
});

test('a frame is chosen by its number, which must exist', async () => {
  const { main, user } = await open();
  await user.selectOptions(choose(strings.format), 'frame');
  const frame = choose(strings.frame);
  await user.clear(frame);
  await user.type(frame, '999');
  expect(startButton()).toBeDisabled();
  await user.clear(frame);
  await user.type(frame, '3');
  await user.click(startButton());
  expect(main.callsOf('exportVideo')).toMatchObject([{ request: { format: 'frame', frame: 2, fps: null } }]);
});

test('a running export shows its frames and can be canceled', async () => {
  const running = {
    id: 'e1',
    videoId: VIDEO.id,
    videoIndex: 0,
    videoCount: 1,
    format: 'gif' as const,
    done: 3,
    total: 9,
  };
  const { main, user } = await open([running]);
  expect(screen.getByText(strings.frames({ done: 3, total: 9 }))).toBeInTheDocument();
  expect(screen.getByRole('meter', { hidden: true })).toHaveAttribute('aria-valuenow', '33');
  await user.click(screen.getByRole('button', { name: copy.app.cancel, hidden: true }));
  expect(main.callsOf('cancelExport')).toEqual([{ exportId: 'e1' }]);
});

test('closing the file dialog changes nothing', async () => {
  const { user } = await open([], { exportVideo: null });
  await user.click(startButton());
  expect(screen.getByLabelText(strings.format)).toBeInTheDocument();
  expect(useToasts.getState().toasts).toEqual([]);
});

test('several videos are exported into one folder, with a common progress', async () => {
  const videos = [VIDEO, video('v2')];
  const running = { id: 'e1', videoId: 'v2', videoIndex: 1, videoCount: 2, format: 'gif' as const, done: 4, total: 8 };
  const { main } = await open([running], { exportVideos: { folder: '/home/jo', count: 2 } });
  cleanup();
  render(<ExportDialog videos={videos} onClose={() => undefined} />);
  expect(screen.getByText(strings.titleForMany({ count: 2 }))).toBeInTheDocument();
  expect(screen.getByText(strings.video({ index: 2, count: 2 }))).toBeInTheDocument();
  expect(screen.getByRole('meter', { hidden: true })).toHaveAttribute('aria-valuenow', '75');
  await userEvent.setup().click(startButton());
  expect(main.callsOf('exportVideos')).toMatchObject([{ videoIds: ['v1', 'v2'], request: { format: 'h264' } }]);
  expect(useToasts.getState().toasts.map(({ text }) => text)).toEqual([
    strings.savedMany({ folder: '/home/jo', count: 2 }),
  ]);
});
