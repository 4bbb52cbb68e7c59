import { ImagePlus, X } from 'lucide-react';
import { useEffect, useId, useState } from 'react';
import { noticeText } from '../../../shared/messages';
import { hasLines } from '../../../shared/prompt-list';
import { adoptPrompt } from '../../state/adopt';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button, IconButton } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { SwitchField } from '../../ui/fields';
import styles from './CreatePage.module.css';
import { Continuation } from './Continuation';
import { FirstFrame } from './FirstFrame';
import { isForeign } from './prompt-language';
import { PromptTools } from './PromptTools';
import type { CreateForm } from './use-create';

const COUNT_AFTER_MS = 250;

interface TokenCount {
  readonly tokens: number;
  readonly max: number;
}

/** The token count from the model's own tokenizer; null until it arrives. */
function useTokenCount(modelId: string | null, text: string): TokenCount | null {
  const [count, setCount] = useState<TokenCount | null>(null);
  useEffect(() => {
    if (modelId === null) return;
    let isCurrent = true;
    const timer = window.setTimeout(() => {
      // Without a count, show nothing rather than an error: nothing depends on it.
      void window.splitreel.countTokens({ modelId, text }).then((result) => {
        if (isCurrent) setCount(result.ok ? result.value : null);
      });
    }, COUNT_AFTER_MS);
    return () => {
      isCurrent = false;
      window.clearTimeout(timer);
    };
  }, [modelId, text]);
  return count;
}

const longestOf = (prompts: readonly string[]): string =>
  prompts.reduce((longest, prompt) => (prompt.length > longest.length ? prompt : longest), '');

/** One line below the prompt; a space keeps its height when it is empty. */
function promptNote(prompts: readonly string[], count: TokenCount | null): string {
  const prompt = longestOf(prompts);
  if (prompt.trim() === '') return '\u00a0';
  if (isForeign(prompt)) return copy.create.englishOnly;
  const isList = prompts.length > 1;
  if (count === null) return isList ? copy.prompts.count({ count: prompts.length }) : '\u00a0';
  if (count.tokens > count.max) return noticeText('prompt_too_long', { ...count });
  const { tokens, max } = count;
  return isList
    ? copy.create.tokensOfList({ prompts: prompts.length, tokens, max })
    : copy.create.tokens({ tokens, max });
}

export function PromptField({ form }: { readonly form: CreateForm }) {
  const id = useId();
  const noteId = useId();
  const { prompt } = form.draft.request;
  const examples = form.model?.examples ?? [];
  const isEmpty = prompt.trim() === '';
  const prompts = form.prompts ?? [prompt];
  const count = useTokenCount(form.model?.id ?? null, longestOf(prompts));
  const isTooLong = count !== null && count.tokens > count.max;
  return (
    <section className={styles.group}>
      <label className={styles.promptLabel} htmlFor={id}>
        {copy.create.prompt}
      </label>
      <textarea
        id={id}
        className={styles.prompt}
        dir="auto"
        rows={3}
        value={prompt}
        maxLength={20_000}
        placeholder={copy.create.promptHint}
        aria-describedby={noteId}
        onChange={(event) => form.setRequest({ prompt: event.target.value })}
      />
      <p id={noteId} className={classes(styles.tokens, isTooLong && styles.warn)}>
        {promptNote(prompts, count)}
      </p>
      {hasLines(prompt) && (
        <SwitchField label={copy.prompts.list} isOn={form.draft.isPromptList} onChange={form.setPromptList} />
      )}
      <PromptTools form={form} />
      {isEmpty && examples.length > 0 && (
        <div className={styles.examples} role="group" aria-label={copy.create.examples}>
          {examples.slice(0, 4).map((example) => (
            <button key={example} type="button" className={styles.example} onClick={() => adoptPrompt(example)}>
              {example}
            </button>
          ))}
        </div>
      )}
    </section>
  );
}

/** For models that start from an image: chosen, or dropped anywhere on the window. */
export function ImageField({ form }: { readonly form: CreateForm }) {
  const { continues } = form.draft;
  const { imagePath } = form.draft.request;
  const choose = async (): Promise<void> => {
    const path = await send(window.splitreel.chooseImage());
    if (path !== null) form.setRequest({ imagePath: path });
  };
  return (
    <section className={styles.group} aria-label={copy.create.image}>
      <div className={styles.image}>
        <Button className={styles.grow} onClick={() => void choose()}>
          <ImagePlus size={16} aria-hidden />
          <span className={styles.ellipsis}>
            {imagePath === null ? copy.create.chooseImage : imagePath.split(/[\\/]/).at(-1)}
          </span>
        </Button>
        {imagePath !== null && (
          <IconButton label={copy.create.removeImage} onClick={() => form.setRequest({ imagePath: null })}>
            <X size={16} aria-hidden />
          </IconButton>
        )}
      </div>
      {imagePath !== null && (
        <FirstFrame key={imagePath} imagePath={imagePath} request={form.draft.request} onChange={form.setRequest} />
      )}
      {continues !== undefined && <Continuation continues={continues} onEnd={form.endContinuation} />}
    </section>
  );
}
