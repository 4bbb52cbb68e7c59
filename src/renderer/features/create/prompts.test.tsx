/** Lists and alternatives, prompt history, variations, presets and undo, in the form on a fake main process. */
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, type FakeMain } from '../../../../test/fakes/main-process';
import { request } from '../../../../test/fakes/request';
import type { CallInput, Slices } from '../../../shared/ipc';
import { presetSettings } from '../../../shared/presets';
import { App } from '../../app/App';
import { copy } from '../../copy';

// happy-dom doesn't expose dialogs to assistive technology.
const HIDDEN = { hidden: true } as const;
const HISTORY: Slices['promptHistory'] = [
  { prompt: 'a red ball', usedAtMs: 2, isList: false },
  { prompt: 'a green star\na blue square', usedAtMs: 1, isList: true },
];

async function open(changes: Partial<Slices> = {}): Promise<FakeMain> {
  const main = fakeMain(changes, { countTokens: { tokens: 3, max: 226 } });
  connectWindow(main);
  render(<App />);
  await screen.findByLabelText('Prompt');
  return main;
}

const prompt = () => screen.getByLabelText<HTMLTextAreaElement>('Prompt');
const type = async (text: string): Promise<void> => {
  await userEvent.setup().click(prompt());
  await userEvent.setup().paste(text);
};
const queued = (main: FakeMain) =>
  main.callsOf('enqueueJobs').map((call) => (call as CallInput<'enqueueJobs'>).jobs.map((each) => each.request));

test('on the first start the form shows examples but no tools', async () => {
  await open();
  expect(screen.getByRole('group', { name: copy.create.examples })).toBeVisible();
  expect(screen.queryByRole('group', { name: copy.prompts.tools })).toBeNull();
});

test('with the switch on, each line is a prompt; their count is shown before they are queued, and all get the same seed', async () => {
  const main = await open();
  const user = userEvent.setup();
  await type('a {red|blue} ball\na star');
  expect(screen.getByRole('button', { name: /^Generate 2/ })).toBeEnabled();
  await user.click(screen.getByRole('switch', { name: copy.prompts.list }));
  await screen.findByText(copy.create.tokensOfList({ prompts: 3, tokens: 3, max: 226 }));
  await user.click(screen.getByRole('button', { name: /^Generate 3/ }));
  const [requests = []] = queued(main);
  expect(requests.map((each) => each.prompt)).toEqual(['a red ball', 'a blue ball', 'a star']);
  expect(new Set(requests.map(({ seed }) => seed)).size).toBe(1);
  expect(main.callsOf('rememberPrompt')).toEqual([{ prompt: 'a {red|blue} ball\na star', isList: true }]);
});

test('more prompts than can be queued at once are refused with the limit', async () => {
  await open();
  await type('{0|1}{0|1}{0|1}{0|1}{0|1}{0|1}{0|1}');
  expect(screen.getByText(copy.create.tooManyPrompts({ max: 100 }))).toBeVisible();
  expect(screen.getByRole('button', { name: /^Generate/ })).toBeDisabled();
});

test('a prompt in the history is found by its words and chosen by keys; undo restores the typed one', async () => {
  const main = await open({ promptHistory: HISTORY });
  const user = userEvent.setup();
  await type('my own');
  await user.click(screen.getByRole('button', { name: copy.prompts.history }));
  const search = screen.getByRole('combobox', { name: copy.prompts.search, ...HIDDEN });
  await user.type(search, 'square green');
  await user.keyboard('{Enter}');
  expect(prompt()).toHaveValue('a green star\na blue square');
  expect(screen.getByRole('switch', { name: copy.prompts.list })).toBeChecked();
  await user.keyboard('{Control>}z{/Control}');
  expect(prompt()).toHaveValue('my own');
  await user.keyboard('{Control>}{Shift>}z{/Shift}{/Control}');
  expect(prompt()).toHaveValue('a green star\na blue square');
  await user.click(screen.getByRole('button', { name: copy.prompts.history }));
  await user.click(screen.getByRole('combobox', { name: copy.prompts.search, ...HIDDEN }));
  await user.keyboard('{ArrowDown}');
  await user.click(screen.getByRole('button', { name: copy.prompts.forget, ...HIDDEN }));
  expect(main.callsOf('forgetPrompt')).toEqual([{ prompt: HISTORY[1]?.prompt }]);
});

test('variations describe their jobs and queue them', async () => {
  const main = await open();
  const user = userEvent.setup();
  await type('a dog');
  await user.click(screen.getByRole('button', { name: copy.prompts.variations }));
  await user.click(await screen.findByRole('menuitem', { name: /^This seed, guidance 4, 6, 8/ }));
  expect(queued(main)[0]?.map(({ guidanceScale }) => guidanceScale)).toEqual([4, 6, 8]);
});

test('settings are saved as a preset, and a preset keeps the current prompt', async () => {
  const preset = { name: 'short', settings: presetSettings(request({ numFrames: 17, numInferenceSteps: 9 })) };
  const main = await open({ presets: [preset] });
  const user = userEvent.setup();
  await type('a dog');
  await user.click(screen.getByRole('button', { name: copy.prompts.presets }));
  await user.type(screen.getByRole('textbox', { name: copy.presets.name, ...HIDDEN }), 'mine{Enter}');
  expect(main.callsOf('savePreset')).toMatchObject([{ name: 'mine', settings: { numFrames: 49 } }]);
  const list = screen.getByRole('listbox', HIDDEN);
  await user.click(within(list).getByRole('option', { name: /short/, ...HIDDEN }));
  expect(prompt()).toHaveValue('a dog');
  expect(screen.getByLabelText(copy.create.steps)).toHaveValue(9);
});
