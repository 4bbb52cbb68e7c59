/** Rewriting in the form on a fake main process: off, asked for by mouse and key, accepted, edited, discarded, undone. */
import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, job, MODEL, SLICES, type FakeMain } from '../../../../test/fakes/main-process';
import { appError } from '../../../shared/errors';
import type { Slices } from '../../../shared/ipc';
import { NO_REWRITER, type Rewriter } from '../../../shared/rewriting';
import { App } from '../../app/App';
import { copy } from '../../copy';
import { adoptVideo } from '../../state/adopt';
import { useDraft } from '../../state/draft';
import { discardRewrite } from '../../state/rewrite';

const strings = copy.rewriting;
const LONG = 'A small brown dog runs along the beach.';
afterEach(discardRewrite);

const COMMAND: Rewriter = { ...NO_REWRITER, kind: 'command', command: '/opt/rewrite -x' };
const withRewriter = (rewriter: Rewriter): Partial<Slices> => ({ settings: { ...SLICES.settings, rewriter } });

async function open(changes: Partial<Slices> = withRewriter(COMMAND)): Promise<FakeMain> {
  const main = fakeMain(changes, { countTokens: { tokens: 300, max: 226 }, rewritePrompt: LONG });
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
const rewriteButton = () => screen.queryByRole('button', { name: strings.rewrite });
const panel = () => screen.findByRole('region', { name: strings.title({ name: 'rewrite' }) });
const press = (keys: string) => userEvent.setup().keyboard(keys);
const REWRITE = '{Control>}{Shift>}r{/Shift}{/Control}';

test('until it is set up the form has no more controls, except for a way there where it would help', async () => {
  const main = await open({});
  await type('a dog on a beach');
  expect(rewriteButton()).toBeNull();
  expect(screen.queryByRole('button', { name: strings.setUp })).toBeNull();
  await press(REWRITE);
  expect(main.callsOf('rewritePrompt')).toEqual([]);
  await type('一只狗');
  await userEvent.setup().click(screen.getByRole('button', { name: strings.setUp }));
  expect(screen.getByRole('combobox', { name: copy.rewritingSettings.kind })).toHaveFocus();
});

test('a full-size model is better off with a long prompt, and says so', async () => {
  await open({ models: [{ ...MODEL, source: 'catalog' }] });
  await type('a dog');
  expect(screen.getByText(strings.short)).toBeVisible();
  expect(screen.getByRole('button', { name: strings.setUp })).toBeVisible();
  await type(' in long words that go on and on until there are enough of them');
  expect(screen.queryByText(strings.short)).toBeNull();
});

test('a suggestion replaces nothing until it is accepted; undo takes it out, and the history has both', async () => {
  const main = await open();
  const user = userEvent.setup();
  expect(rewriteButton()).toBeNull();
  await type('a dog runs');
  await user.click(screen.getByRole('button', { name: strings.rewrite }));
  const suggestion = within(await panel());
  expect(main.callsOf('rewritePrompt')).toEqual([{ modelId: MODEL.id, text: 'a dog runs' }]);
  expect(prompt()).toHaveValue('a dog runs');
  expect(suggestion.getByText(/small brown/).tagName).toBe('INS');
  expect(suggestion.getByRole('region')).toHaveAttribute('dir', 'auto');
  await suggestion.findByText(/300 tokens; the model reads the first 226/);
  await user.click(suggestion.getByRole('button', { name: strings.accept }));
  expect(prompt()).toHaveValue(LONG);
  await waitFor(() =>
    expect(main.callsOf('rememberPrompt')).toEqual([
      { prompt: 'a dog runs', isList: false },
      { prompt: LONG, isList: false },
    ]),
  );
  await press('{Control>}z{/Control}');
  expect(prompt()).toHaveValue('a dog runs');
  await press('{Control>}{Shift>}z{/Shift}{/Control}');
  expect(prompt()).toHaveValue(LONG);
});

test('the video records the sentence that was rewritten, until the prompt is replaced', async () => {
  await open();
  const user = userEvent.setup();
  const original = () => useDraft.getState().draft?.request.rewrittenFrom;
  const accept = async (): Promise<void> => {
    await user.click(screen.getByRole('button', { name: strings.rewrite }));
    await user.click(within(await panel()).getByRole('button', { name: strings.accept }));
  };
  await type('a dog runs');
  await accept();
  expect(original()).toBe('a dog runs');
  await press('{Control>}z{/Control}');
  expect(original()).toBeNull();
  await press('{Control>}{Shift>}z{/Shift}{/Control}');
  expect(original()).toBe('a dog runs');
  await type(' Slow motion.');
  expect(original()).toBe('a dog runs');
  await accept();
  expect(original()).toBe('a dog runs');
  await user.click(screen.getByRole('button', { name: strings.rewrite }));
  const pending = within(await panel());
  await user.clear(prompt());
  expect(original()).toBeNull();
  await user.click(pending.getByRole('button', { name: strings.accept }));
  expect(original()).toBe('a dog runs');
});

test('a video opened while a suggestion waits has no part in where that came from', async () => {
  await open();
  const user = userEvent.setup();
  await type('a dog runs');
  await user.click(screen.getByRole('button', { name: strings.rewrite }));
  const pending = within(await panel());
  const { draft } = useDraft.getState();
  if (draft === null) throw new Error('there is no draft');
  act(() => adoptVideo({ ...draft, request: { ...draft.request, prompt: 'A cat.', rewrittenFrom: 'cat' } }));
  await user.click(pending.getByRole('button', { name: strings.accept }));
  expect(useDraft.getState().draft?.request).toMatchObject({ prompt: LONG, rewrittenFrom: 'a dog runs' });
});

test('by keys: started from the prompt, gone to, edited, accepted', async () => {
  await open();
  await type('a dog runs');
  await press(REWRITE);
  await panel();
  expect(prompt()).toHaveFocus();
  await press(REWRITE);
  expect(screen.getByRole('button', { name: strings.accept })).toHaveFocus();
  await press('{Tab}{Enter}');
  expect(screen.getByRole('textbox', { name: strings.text })).toHaveFocus();
  await press('{Control>}a{/Control}');
  await userEvent.setup().paste('my own words');
  await press('{Tab}{Enter}');
  expect(prompt()).toHaveValue('my own words');
});

test('Esc discards a suggestion and does not ask to cancel a video', async () => {
  await open({ ...withRewriter(COMMAND), jobs: [job({ status: 'running' })] });
  await type('a dog runs');
  await press(REWRITE);
  await panel();
  await press(`${REWRITE}{Escape}`);
  expect(screen.queryByRole('button', { name: strings.accept })).toBeNull();
  expect(prompt()).toHaveValue('a dog runs');
  expect(screen.queryByRole('dialog')).toBeNull();
  await press('{Escape}');
  expect(screen.getByRole('dialog')).toBeVisible();
});

test('an answer that comes after it was canceled is not shown', async () => {
  const main = await open();
  const answer: { give: (text: string) => void } = { give: () => undefined };
  const rewritePrompt = () =>
    new Promise<{ ok: true; value: string }>((resolve) => {
      answer.give = (value) => resolve({ ok: true, value });
    });
  Object.defineProperty(window, 'splitreel', { value: { ...main.api, rewritePrompt }, configurable: true });
  await type('a dog runs');
  await press(REWRITE);
  expect(screen.getByText(strings.running({ name: 'rewrite', seconds: 0 }))).toBeVisible();
  await userEvent.setup().click(screen.getByRole('button', { name: copy.app.cancel }));
  expect(main.callsOf('cancelRewrite')).toHaveLength(1);
  await act(async () => {
    answer.give(LONG);
    await Promise.resolve();
  });
  expect(screen.queryByRole('button', { name: strings.accept })).toBeNull();
});

test('a failure is explained, and the prompt stays', async () => {
  const main = await open();
  const rewritePrompt = vi.fn(() =>
    Promise.resolve({ ok: false as const, error: appError('REWRITE_COMMAND_MISSING', { name: 'rewrite' }) }),
  );
  Object.defineProperty(window, 'splitreel', { value: { ...main.api, rewritePrompt }, configurable: true });
  await type('a dog runs');
  await userEvent.setup().click(screen.getByRole('button', { name: strings.rewrite }));
  expect(await screen.findByText('The rewriting command rewrite was not found.')).toBeVisible();
  expect(screen.getByRole('button', { name: strings.rewrite })).toBeVisible();
});

test('several prompts in one text are not rewritten, and the button says why', async () => {
  const main = await open();
  await type('a {red|blue} ball');
  const button = screen.getByRole('button', { name: strings.rewrite });
  expect(button).toHaveAttribute('aria-disabled', 'true');
  expect(button).toHaveAttribute('aria-description', strings.onePrompt);
  await userEvent.setup().click(button);
  expect(main.callsOf('rewritePrompt')).toEqual([]);
});

test('a server elsewhere is named on the button', async () => {
  await open(withRewriter({ ...NO_REWRITER, kind: 'endpoint', address: 'https://api.example/v1', model: 'm' }));
  await type('a dog runs');
  await userEvent.setup().hover(screen.getByRole('button', { name: strings.rewrite }));
  expect((await screen.findAllByText(strings.sends({ host: 'api.example' }))).length).toBeGreaterThan(0);
});
