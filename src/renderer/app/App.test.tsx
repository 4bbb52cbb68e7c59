/** The whole window on a fake main process: what the user sees and does, and the calls that follow. */
import { appError } from '../../shared/errors';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../test/connect-window';
import { fakeMain, gpu, job, MODEL, SLICES, type FakeMain } from '../../../test/fakes/main-process';
import type { Slices } from '../../shared/ipc';
import { gpuDevice } from '../../shared/machine';
import { copy } from '../copy';
import { App } from './App';

/** happy-dom's dialog isn't exposed the way modal dialogs are. */
const HIDDEN = { hidden: true } as const;

async function open(changes: Partial<Slices> = {}): Promise<FakeMain> {
  const main = fakeMain(changes, { countTokens: { tokens: 3, max: 226 } });
  connectWindow(main);
  render(<App />);
  await screen.findByRole('navigation', { name: copy.app.navigation });
  return main;
}

const EIGHT: Partial<Slices> = {
  machine: { ...SLICES.machine, gpus: Array.from({ length: 8 }, (_, index) => gpu(index)), driverVersion: '580' },
};

test("a prompt and one press send a job with the form's settings", async () => {
  const main = await open(EIGHT);
  const user = userEvent.setup();
  expect(screen.getByText('Describe what the video should show.')).toBeVisible();
  expect(screen.getByRole('button', { name: /Generate/ })).toBeDisabled();
  await user.type(screen.getByLabelText('Prompt'), 'a small dog');
  await user.click(screen.getByRole('radio', { name: 'Ulysses 3' }));
  await user.keyboard('{Control>}{Enter}{/Control}');
  expect(main.callsOf('enqueueJobs')).toEqual([
    {
      jobs: [
        {
          request: expect.objectContaining({ prompt: 'a small dog', modelId: 'demo', ...MODEL.defaults }) as unknown,
          plan: { dp: 1, cfg: 2, pp: 1, ring: 1, ulysses: 3, tp: 1 },
          devices: [0, 1, 2, 3, 4, 5].map((index) => gpuDevice(gpu(index))),
        },
      ],
    },
  ]);
});

test('a blocked value stays visible, explains itself on focus, and cannot be chosen with pointer or keys', async () => {
  const main = await open(EIGHT);
  const user = userEvent.setup();
  await user.type(screen.getByLabelText('Prompt'), 'a dog');
  await user.click(screen.getByRole('radio', { name: 'Ulysses 3' }));
  const four = screen.getByRole('radio', { name: 'Ulysses 4' });
  expect(four).toHaveAttribute('aria-disabled', 'true');
  expect(four).toHaveAccessibleDescription(/30 attention heads can't be divided by 4/);
  await user.click(four);
  screen.getByRole('radio', { name: 'Ulysses 3' }).focus();
  await user.keyboard('{ArrowRight}');
  expect(four).toHaveFocus();
  expect(four).toHaveAttribute('aria-checked', 'false');
  await user.keyboard('{Control>}{Enter}{/Control}');
  expect(main.callsOf('enqueueJobs')).toMatchObject([{ jobs: [{ plan: { ulysses: 3 } }] }]);
});

test('changing one degree moves the others to the nearest valid plan, with a notice; Recommended undoes it', async () => {
  await open(EIGHT);
  const user = userEvent.setup();
  await user.click(screen.getByRole('radio', { name: 'Ring 8' }));
  expect(screen.getByText('1 × 8 × 1 = 8 of 8 GPUs')).toBeVisible();
  expect(screen.getByText(/^CFG changed from 2 to 1/)).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Recommended' }));
  expect(screen.queryByText(/^CFG changed/)).toBeNull();
  expect(screen.getByRole('button', { name: 'Recommended' })).toHaveAttribute('aria-pressed', 'true');
});

test('PipeFusion is marked approximate, and its patches and warm-up appear with it', async () => {
  await open(EIGHT);
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: copy.plan.more }));
  await user.click(screen.getByRole('radio', { name: 'PipeFusion 2' }));
  expect(screen.getByText(copy.plan.approximate)).toBeVisible();
  await user.click(screen.getByRole('button', { name: copy.create.advanced }));
  expect(screen.getByLabelText(copy.create.patches)).toBeVisible();
  expect(screen.getByText(/--pipefusion_parallel_degree 2/)).toBeVisible();
});

test('one click uses an example, and the form describes the model', async () => {
  await open();
  const user = userEvent.setup();
  expect(screen.getByText('A small one.')).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'a blue square' }));
  expect(screen.getByLabelText('Prompt')).toHaveValue('a blue square');
});

test('settings that need a GPU are hidden without one', async () => {
  await open();
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: copy.create.advanced }));
  expect(screen.getByLabelText(copy.create.scheduler)).toBeVisible();
  expect(screen.queryByLabelText(copy.create.offload)).toBeNull();
  expect(screen.queryByLabelText(copy.create.attention)).toBeNull();
});

test("a running job shows main's measurements; Esc asks before it cancels", async () => {
  const running = job({ status: 'running' });
  const stage = (name: 'starting' | 'denoising', completed: number, total: number) => ({
    stage: name,
    status: completed === total ? ('finished' as const) : ('running' as const),
    completed,
    total,
    elapsedMs: 10,
  });
  const main = await open({
    jobs: [running],
    progress: {
      jobId: running.id,
      videos: [
        {
          stages: [stage('starting', 2, 2), stage('denoising', 23, 50)],
          previewUrl: null,
          previewStep: null,
          videoId: null,
          error: null,
        },
      ],
      ranks: [
        {
          rank: 0,
          device: { kind: 'cpu', index: 0, uuid: null, name: 'CPU' },
          stage: 'denoising',
          completed: 23,
          total: 50,
        },
      ],
      msPerStep: 490,
      msLeft: 13_000,
    },
  });
  const user = userEvent.setup();
  const panel = screen.getByRole('region', { name: copy.progress.title });
  expect(panel).toHaveTextContent('Denoising 23/50');
  expect(panel).toHaveTextContent('0.49 s per step, 13 s left');
  await user.keyboard('{Escape}');
  const dialog = await screen.findByRole('dialog', HIDDEN);
  await user.click(within(dialog).getByRole('button', { name: copy.progress.cancelNo, ...HIDDEN }));
  expect(main.callsOf('cancelJob')).toEqual([]);
  await user.keyboard('{Escape}');
  await user.click(
    within(await screen.findByRole('dialog', HIDDEN)).getByRole('button', { name: copy.progress.cancelYes, ...HIDDEN }),
  );
  expect(main.callsOf('cancelJob')).toEqual([{ jobId: running.id }]);
});

test('waiting jobs are moved by keys and buttons, failed ones retried or removed', async () => {
  const failed = job(
    {
      status: 'failed',
      error: appError('RANK_DIED', { rank: 1, stage: 'denoising', exit: 'SIGKILL' }),
    },
    'c',
  );
  const main = await open({ jobs: [job({ status: 'queued' }, 'a'), job({ status: 'queued' }, 'b'), failed] });
  const user = userEvent.setup();
  const queue = screen.getByRole('region', { name: copy.queue.title });
  expect(queue).toHaveTextContent('Worker 1 stopped unexpectedly during denoising (SIGKILL).');
  const rows = within(queue).getAllByRole('listitem');
  rows[0]?.focus();
  await user.keyboard('{ArrowDown}');
  expect(rows[1]).toHaveFocus();
  await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
  expect(main.callsOf('moveJob')).toEqual([{ jobId: 'b', toIndex: 0 }]);
  await user.keyboard('{ArrowDown}{Delete}');
  expect(main.callsOf('removeJob')).toEqual([{ jobId: 'c' }]);
  await user.click(within(queue).getByRole('button', { name: copy.queue.retry }));
  expect(main.callsOf('retryJob')).toEqual([{ jobId: 'c' }]);
  await user.click(within(queue).getAllByRole('button', { name: copy.queue.remove })[0] ?? queue);
  expect(main.callsOf('removeJob').at(-1)).toEqual({ jobId: 'a' });
});

test('a missed change is detected by its revision, and the whole state is requested again', async () => {
  const main = await open();
  main.lose('jobs', [job({ status: 'queued' }, 'unheard of')]);
  expect(screen.queryByText('unheard of')).toBeNull();
  act(() => main.push('settings', { ...SLICES.settings, theme: 'light' }));
  expect(await screen.findByText('unheard of')).toBeVisible();
  expect(document.documentElement.dataset['theme']).toBe('light');
});

test('what is missing is shown with a button for the next step', async () => {
  const main = await open({ environment: { status: 'missing' } });
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: copy.stage.install }));
  expect(main.callsOf('installEnvironment')).toEqual([undefined]);
  act(() => main.push('models', []));
  expect(screen.getByText(copy.create.missing.model)).toBeVisible();
});

test('? shows the shortcuts without a video on the stage, but in a field it is a character', async () => {
  await open();
  const user = userEvent.setup();
  await user.type(screen.getByLabelText('Prompt'), 'a dog?');
  expect(screen.queryByText(copy.shortcuts.title)).toBeNull();
  await user.click(screen.getByRole('button', { name: copy.app.pages.models }));
  await user.keyboard('?');
  expect(screen.getByText(copy.shortcuts.title)).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: copy.app.close, ...HIDDEN }));
  expect(screen.queryByText(copy.shortcuts.title)).toBeNull();
});
