/** What happens around the end of a job: a sound, a notification that opens the result, a paused queue. */
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../test/connect-window';
import { fakeMain, job, SLICES, video, type FakeMain } from '../../../test/fakes/main-process';
import type { Slices } from '../../shared/ipc';
import { copy } from '../copy';
import { showJob } from '../state/navigation';
import { App } from './App';
import { soundOfEnd } from './use-end-sound';

async function open(changes: Partial<Slices> = {}): Promise<FakeMain> {
  const main = fakeMain(changes);
  connectWindow(main);
  render(<App />);
  await screen.findByRole('navigation');
  return main;
}

const report = { totalMs: 1, msPerStep: 500, weightBytesRead: 0, stages: [], ranks: [], notices: [] };
const finished = (id: string, videoIds: string[]) => job({ status: 'finished', videoIds, report }, id, id);
const running = job({ status: 'running' }, 'a', 'a');

test("a job that finishes or fails plays a sound; a canceled job and earlier results don't", () => {
  expect(soundOfEnd([running], [finished('a', ['v'])])).toBe('finished');
  expect(soundOfEnd([running], [job({ status: 'canceled' }, 'a', 'a')])).toBeNull();
  expect(soundOfEnd([running], [running])).toBeNull();
  expect(soundOfEnd([finished('a', ['v'])], [finished('a', ['v'])])).toBeNull();
});

test('a click on a notification opens the result of its job, from any page', async () => {
  const main = await open({ library: [video('new'), video('old')], jobs: [finished('j', ['old'])] });
  await userEvent.setup().click(screen.getByRole('button', { name: copy.app.pages.settings }));
  act(() => main.push('clickedNotification', { jobId: 'j', count: 1 }));
  expect(screen.getByLabelText(new RegExp(`^${copy.player.video}: the video old$`))).toBeVisible();
  expect(screen.getByRole('region', { name: copy.stage.label })).toHaveFocus();
});

test.each([
  [[null, null], copy.stage.canceled],
  [['v', null], copy.stage.canceledLate({ count: 1 })],
])('a canceled job with the videos %j says what stays', async (videoIds, text) => {
  const videos = videoIds.map((videoId) => ({
    stages: [],
    previewUrl: null,
    previewStep: null,
    videoId,
    error: null,
  }));
  const progress = { jobId: 'a', videos, ranks: [], msPerStep: null, msLeft: null };
  await open({ jobs: [job({ status: 'canceled' }, 'a', 'a')], progress });
  act(() => showJob('a'));
  expect(screen.getByText(text)).toBeVisible();
});

test('buttons pause and resume the queue and free GPU memory', async () => {
  const main = await open({ jobs: [job({ status: 'queued' }, 'b')], engine: { ...SLICES.engine, status: 'warm' } });
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: copy.queue.pause }));
  act(() => main.push('queue', { isPaused: true }));
  expect(screen.getByRole('region', { name: copy.queue.title })).toHaveTextContent(copy.queue.paused);
  await user.click(screen.getByRole('button', { name: copy.queue.freeMemory }));
  act(() => main.push('engine', { ...SLICES.engine, status: 'cold' }));
  expect(screen.getByText(copy.queue.memoryFreed)).toBeVisible();
  await waitFor(() => expect(screen.getByRole('region', { name: copy.queue.title })).toHaveFocus());
  await user.click(screen.getByRole('button', { name: copy.queue.resume }));
  expect(main.callsOf('pauseQueue')).toEqual([{ isPaused: true }, { isPaused: false }]);
  expect(main.callsOf('unloadEngine')).toHaveLength(1);
});
