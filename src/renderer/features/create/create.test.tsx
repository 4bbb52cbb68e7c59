/** The form on a fake main process: seeds, missing models, fixed sizes, and hints before Generate. */
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, gpu, MODEL, SLICES, type FakeMain } from '../../../../test/fakes/main-process';
import { request, SHAPE } from '../../../../test/fakes/request';
import { cpuDevices } from '../../../shared/device';
import type { CallInput, Slices } from '../../../shared/ipc';
import { ONE_RANK } from '../../../shared/plan';
import { App } from '../../app/App';
import { copy } from '../../copy';
import { changeDraft, requestForModel } from '../../state/draft';

async function open(changes: Partial<Slices> = {}, answers: object = {}): Promise<FakeMain> {
  const main = fakeMain(changes, {
    countTokens: { tokens: 3, max: 226 },
    ...answers,
  });
  connectWindow(main);
  render(<App />);
  await screen.findByLabelText('Prompt');
  return main;
}

const press = () => userEvent.setup().keyboard('{Control>}{Enter}{/Control}');
const seedOf = (call: unknown): number | undefined => (call as CallInput<'enqueueJobs'>).jobs[0]?.request.seed;
const shownSeed = () => screen.getByLabelText<HTMLInputElement>(copy.create.seed).valueAsNumber;

test('each press uses the seed shown and picks a new one; a locked or typed seed stays', async () => {
  const main = await open();
  const user = userEvent.setup();
  await user.type(screen.getByLabelText('Prompt'), 'a dog');
  const first = shownSeed();
  await press();
  const second = shownSeed();
  expect(second).not.toBe(first);
  await user.click(screen.getByRole('button', { name: copy.create.seedLock }));
  await press();
  await press();
  expect(main.callsOf('enqueueJobs').map(seedOf)).toEqual([first, second, second]);
  await user.click(screen.getByRole('button', { name: copy.create.seedLock }));
  await user.clear(screen.getByLabelText(copy.create.seed));
  await user.type(screen.getByLabelText(copy.create.seed), '7');
  expect(screen.getByRole('button', { name: copy.create.seedLock })).toHaveAttribute('aria-pressed', 'true');
});

test('settings for a missing model keep its name until another one is chosen', async () => {
  await open();
  const asked = request({ modelId: 'some/CogVideoX-9b', width: 160, height: 96, numInferenceSteps: 4 });
  act(() =>
    changeDraft({ request: asked, plan: ONE_RANK, isPlanAutomatic: false, isSeedLocked: true, isPromptList: false }),
  );
  expect(screen.getAllByText(copy.create.modelMissing({ name: 'CogVideoX-9b' }))).toHaveLength(2);
  expect(screen.getByRole('button', { name: /Generate/ })).toBeDisabled();
  expect(screen.getByRole('button', { name: copy.stage.addModel })).toBeVisible();
  await userEvent.setup().selectOptions(screen.getByLabelText(copy.create.model), MODEL.name);
  expect(screen.getByLabelText(copy.create.width)).toHaveValue(160);
  expect(screen.getByLabelText(copy.create.steps)).toHaveValue(4);
});

test('a size that the model fixes is disabled, explained, and not an error', async () => {
  const shape = { ...SHAPE, positions: 'learned' as const };
  await open({ models: [{ ...MODEL, state: { status: 'ready', shape } }] });
  expect(screen.getByLabelText(copy.create.width)).toBeDisabled();
  expect(screen.getByLabelText(copy.create.width)).toHaveAttribute('aria-invalid', 'false');
  expect(screen.getByText(/^This model makes 720 . 480 only\.$/)).toBeVisible();
});

test('missing prerequisites are shown before problems in the form', async () => {
  await open({ environment: { status: 'missing' } });
  expect(screen.getByText(copy.create.missing.environment)).toBeVisible();
  expect(screen.queryByText('Describe what the video should show.')).toBeNull();
});

test.each([
  ['with what comes after denoising', { tailMs: 45_000 }, {}, copy.create.expected({ time: '1 min 10 s' })],
  [
    'of the denoising alone where no more is known',
    { tailMs: null },
    {},
    copy.create.expectedDenoising({ time: '25 s' }),
  ],
  ['for three videos', { tailMs: 5_000 }, { videoCount: 3 }, copy.create.expected({ time: '1 min 30 s' })],
  ['not of another quality', { tailMs: 5_000, quality: 'fast' as const }, {}, null],
])('the expected time is shown before Generate, %s', async (_, figures, changes, text) => {
  const draftRequest = request({ numInferenceSteps: 50, ...changes });
  const case_ = { ...draftRequest, guided: true, plan: ONE_RANK, devices: [...cpuDevices(1)], secondsPerStep: 0.5 };
  const draft = {
    request: draftRequest,
    plan: ONE_RANK,
    isPlanAutomatic: true,
    isSeedLocked: false,
    isPromptList: false,
  };
  await open({ measurements: [{ ...case_, ...figures }], settings: { ...SLICES.settings, draft } });
  if (text === null) expect(screen.queryByText(/^About /)).toBeNull();
  else expect(screen.getByText(text)).toBeVisible();
});

test('a prompt in another script gets a warning, an empty one no count', async () => {
  await open();
  const user = userEvent.setup();
  await user.type(screen.getByLabelText('Prompt'), 'a dog');
  expect(await screen.findByText(copy.create.tokens({ tokens: 3, max: 226 }))).toBeVisible();
  await user.clear(screen.getByLabelText('Prompt'));
  expect(screen.queryByText(/tokens$/)).toBeNull();
  await user.type(screen.getByLabelText('Prompt'), '一只小狗');
  expect(screen.getByText(copy.create.englishOnly)).toBeVisible();
});

test("the CPU can be chosen if the GPUs don't work", async () => {
  const main = await open({ machine: { ...SLICES.machine, gpus: [gpu(0), gpu(1)], driverVersion: '580' } });
  await userEvent.setup().click(screen.getByRole('button', { name: copy.plan.cpu }));
  expect(main.callsOf('updateSettings')).toEqual([{ isCpuChosen: true }]);
});

test('a chosen LoRA is in the request once, with its strength; another model starts without it', async () => {
  const chosen = { path: '/loras/ink.safetensors', sha256: 'a'.repeat(64), strength: 1 };
  const main = await open({}, { chooseLora: chosen });
  const user = userEvent.setup();
  await user.type(screen.getByLabelText('Prompt'), 'a dog');
  await user.click(screen.getByRole('button', { name: copy.create.advanced }));
  const add = screen.getByRole('button', { name: copy.create.addLora });
  await user.click(add);
  await screen.findByLabelText(copy.create.loraStrength({ name: 'ink' }));
  await user.click(add);
  await waitFor(() => expect(add).toBeEnabled());
  const strength = screen.getByLabelText(copy.create.loraStrength({ name: 'ink' }));
  await user.clear(strength);
  await user.type(strength, '9');
  expect(strength).toHaveFocus();
  expect(strength).toHaveAttribute('aria-invalid', 'true');
  await user.clear(strength);
  await user.type(strength, '0.5');
  await press();
  const sent = (main.callsOf('enqueueJobs').at(-1) as CallInput<'enqueueJobs'>).jobs[0]!;
  expect(sent.request.loras).toEqual([{ ...chosen, strength: 0.5 }]);
  expect(main.callsOf('chooseLora')).toEqual([{ modelId: MODEL.id }, { modelId: MODEL.id }]);
  expect(requestForModel(sent.request, MODEL).loras).toEqual([]);
  await user.click(screen.getByRole('button', { name: copy.create.removeLora({ name: 'ink' }) }));
  expect(screen.queryByLabelText(copy.create.loraStrength({ name: 'ink' }))).toBeNull();
});
