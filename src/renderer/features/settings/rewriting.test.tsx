/** Rewriting as it is set up on the Settings page, on a fake main process. */
import { act, cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, SLICES, type FakeMain } from '../../../../test/fakes/main-process';
import type { CallName, Slices } from '../../../shared/ipc';
import { NO_REWRITER, USUAL_INSTRUCTION, type Rewriter } from '../../../shared/rewriting';
import { copy } from '../../copy';
import { TooltipProvider } from '../../ui/Tooltip';
import { SettingsPage } from './SettingsPage';

const strings = copy.rewritingSettings;

async function open(
  rewriter: Partial<Rewriter> = {},
  changes: Partial<Slices> = {},
  answers: Partial<Record<CallName, unknown>> = {},
): Promise<FakeMain> {
  const settings = { ...SLICES.settings, rewriter: { ...NO_REWRITER, ...rewriter } };
  const main = fakeMain({ settings, ...changes }, { setRewriter: true, ...answers });
  connectWindow(main);
  await act(() => Promise.resolve());
  render(<SettingsPage />, { wrapper: TooltipProvider });
  await screen.findByRole('region', { name: strings.title });
  return main;
}

const section = () => within(screen.getByRole('region', { name: strings.title }));
const kind = () => section().getByRole('combobox', { name: strings.kind });
const ENDPOINT = { kind: 'endpoint', address: 'http://127.0.0.1:11434/v1', model: 'llama3' } as const;

test('it is off, and a command is saved once it can be one', async () => {
  const main = await open();
  const user = userEvent.setup();
  expect(kind()).toHaveValue('off');
  expect(section().queryByRole('textbox')).toBeNull();
  await user.selectOptions(kind(), 'command');
  const field = section().getByLabelText(strings.command);
  const save = section().getByRole('button', { name: strings.save });
  expect(save).toBeDisabled();
  await user.type(field, 'llm | tee');
  expect(section().getByText(strings.commandProblems.shell)).toBeVisible();
  expect(save).toBeDisabled();
  await user.clear(field);
  await user.type(field, 'llm -m "my model"');
  await user.click(save);
  expect(main.callsOf('setRewriter')).toEqual([{ ...NO_REWRITER, kind: 'command', command: 'llm -m "my model"' }]);
});

test('a server elsewhere gets one honest sentence, and needs https', async () => {
  await open();
  const user = userEvent.setup();
  await user.selectOptions(kind(), 'endpoint');
  await user.type(section().getByLabelText(strings.address), 'http://api.example/v1');
  expect(section().getByText(strings.addressProblem)).toBeVisible();
  await user.clear(section().getByLabelText(strings.address));
  await user.type(section().getByLabelText(strings.address), 'https://api.example/v1');
  expect(section().getByText(strings.sentTo({ host: 'api.example' }))).toBeVisible();
  expect(section().getByRole('button', { name: strings.save })).toBeDisabled();
  await user.type(section().getByLabelText(strings.model), 'm');
  expect(section().getByRole('button', { name: strings.save })).toBeEnabled();
});

test('off is saved at once and keeps what was entered', async () => {
  const main = await open(ENDPOINT);
  await userEvent.setup().selectOptions(kind(), 'off');
  expect(main.callsOf('setRewriter')).toEqual([{ ...NO_REWRITER, ...ENDPOINT, kind: 'off' }]);
});

test('a key is typed unseen, sent once, and can be removed', async () => {
  const main = await open(ENDPOINT);
  const user = userEvent.setup();
  await user.click(section().getByRole('button', { name: strings.addKey }));
  const field = screen.getByLabelText(strings.key, { selector: 'input' });
  expect(field).toHaveAttribute('type', 'password');
  await user.type(field, 'sk-1 2');
  expect(screen.getByText(strings.keyProblem)).toBeInTheDocument();
  await user.clear(field);
  await user.type(field, ' sk-12 ');
  await user.click(screen.getAllByText(strings.save).at(-1)!);
  expect(main.callsOf('setRewriterKey')).toEqual([{ key: 'sk-12' }]);
  act(() => main.push('rewriting', { hasKey: true, isKeyKept: false }));
  expect(section().getByText(strings.keyOnce)).toBeVisible();
  await user.click(section().getByRole('button', { name: strings.removeKey }));
  expect(main.callsOf('setRewriterKey').at(-1)).toEqual({ key: null });
});

test('the instruction is shown, changed, and restored', async () => {
  const main = await open(ENDPOINT);
  const user = userEvent.setup();
  await user.click(section().getByRole('button', { name: strings.editInstruction }));
  const field = section().getByLabelText(strings.instruction);
  expect(field).toHaveValue(USUAL_INSTRUCTION);
  await user.clear(field);
  await user.type(field, 'Be brief.');
  await user.click(section().getByRole('button', { name: strings.save }));
  expect(main.callsOf('updateSettings')).toEqual([{ rewriteInstruction: 'Be brief.' }]);
  await user.clear(field);
  await user.click(section().getByRole('button', { name: strings.restore }));
  expect(main.callsOf('updateSettings').at(-1)).toEqual({ rewriteInstruction: null });
});

test('it can be tried', async () => {
  const main = await open(ENDPOINT, {}, { rewritePrompt: 'A black cat sits on a windowsill.' });
  await userEvent.setup().click(section().getByRole('button', { name: strings.tryIt }));
  expect(main.callsOf('rewritePrompt')).toEqual([{ modelId: 'demo', text: strings.example }]);
  expect(await section().findByText('A black cat sits on a windowsill.')).toBeVisible();
});

test('a trial ends with the page that would show its answer', async () => {
  const main = await open(ENDPOINT);
  const value = { ...main.api, rewritePrompt: () => new Promise(() => undefined) };
  Object.defineProperty(window, 'splitreel', { value, configurable: true, writable: true });
  const user = userEvent.setup();
  cleanup();
  expect(main.callsOf('cancelRewrite')).toEqual([]);
  render(<SettingsPage />, { wrapper: TooltipProvider });
  await user.click(section().getByRole('button', { name: strings.tryIt }));
  cleanup();
  expect(main.callsOf('cancelRewrite')).toHaveLength(1);
});
