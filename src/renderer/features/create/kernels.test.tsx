/** The form offers only attention kernels that can run here. */
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, gpu, MODEL, SLICES } from '../../../../test/fakes/main-process';
import { App } from '../../app/App';
import { copy } from '../../copy';
import { changeDraft } from '../../state/draft';

test('a kernel that cannot run is disabled, and one chosen elsewhere shows the reason', async () => {
  const blocked = { code: 'kernel_not_installed', params: { kernel: 'flash4', package: 'flash_attn.cute' } } as const;
  const main = fakeMain({
    machine: { ...SLICES.machine, gpus: [gpu(0)], driverVersion: '580' },
    engine: {
      ...SLICES.engine,
      kernels: [
        { kernel: 'sdpa', reason: null },
        { kernel: 'cudnn', reason: null },
        { kernel: 'flash4', reason: blocked },
      ],
    },
  });
  connectWindow(main);
  render(<App />);
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText('Prompt'), 'a dog');
  await user.click(screen.getByRole('button', { name: copy.create.advanced }));
  const option = (kernel: keyof typeof copy.create.kernels): HTMLElement =>
    screen.getByRole('option', { name: copy.create.kernels[kernel] });
  expect(option('auto')).toBeEnabled();
  expect(option('sdpa')).toBeEnabled();
  expect(option('cudnn')).toBeEnabled();
  expect(option('flash4')).toBeDisabled();
  expect(option('flash3'), 'not reported by the engine').toBeDisabled();
  await user.selectOptions(screen.getByLabelText(copy.create.attention), 'cudnn');
  await user.keyboard('{Control>}{Enter}{/Control}');
  expect(main.callsOf('enqueueJobs')).toMatchObject([{ jobs: [{ request: { attention: 'cudnn' } }] }]);

  const request = {
    ...MODEL.defaults,
    modelId: MODEL.id,
    prompt: 'a dog',
    rewrittenFrom: null,
    negativePrompt: '',
    imagePath: null,
    seed: 1,
  };
  changeDraft({
    request: { ...request, videoCount: 1, attention: 'flash4' },
    plan: { dp: 1, cfg: 1, pp: 1, ring: 1, ulysses: 1, tp: 1 },
    isPlanAutomatic: true,
    isSeedLocked: false,
    isPromptList: false,
  });
  const sentence = "The attention kernel flash4 needs the package flash_attn.cute, which isn't installed.";
  expect((await screen.findAllByText(sentence)).length).toBeGreaterThan(0);
  expect(screen.getByRole('button', { name: /Generate/ })).toBeDisabled();
});
