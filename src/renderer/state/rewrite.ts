/** The rewritten prompt, until the user accepts or discards it. */
import { create } from 'zustand';
import { adoptRewritten } from './adopt';
import { currentFromSlices } from './draft';
import { send } from './send';

export type Rewrite =
  | { readonly status: 'idle' }
  | { readonly status: 'running'; readonly original: string; readonly startedAtMs: number }
  | {
      readonly status: 'suggested';
      readonly original: string;
      /** The person's own text: the original, unless that had been rewritten before. */
      readonly source: string;
      readonly text: string;
    };

const IDLE: Rewrite = { status: 'idle' };
export const useRewrite = create<{ readonly rewrite: Rewrite }>(() => ({ rewrite: IDLE }));

const show = (rewrite: Rewrite): void => useRewrite.setState({ rewrite });

export async function startRewrite(): Promise<void> {
  const request = currentFromSlices()?.draft.request;
  if (request === undefined || request.prompt.trim() === '') return;
  const { modelId, prompt, rewrittenFrom } = request;
  const running: Rewrite = { status: 'running', original: prompt, startedAtMs: performance.now() };
  show(running);
  const text = await send(window.splitreel.rewritePrompt({ modelId, text: prompt }));
  // It was canceled, or another one has been started.
  if (useRewrite.getState().rewrite !== running) return;
  show(text === null ? IDLE : { status: 'suggested', original: prompt, source: rewrittenFrom ?? prompt, text });
}

export function cancelRewrite(): void {
  show(IDLE);
  void send(window.splitreel.cancelRewrite());
}

export const discardRewrite = (): void => show(IDLE);

/** `text`: the suggestion as the user has edited it. Undo restores the original; the history has both. */
export function acceptRewrite(text: string): void {
  const { rewrite } = useRewrite.getState();
  if (rewrite.status !== 'suggested') return;
  show(IDLE);
  adoptRewritten(text, rewrite.source);
  void rememberBoth(rewrite.original, text);
}

async function rememberBoth(original: string, text: string): Promise<void> {
  for (const prompt of [original, text]) await send(window.splitreel.rememberPrompt({ prompt, isList: false }));
}
