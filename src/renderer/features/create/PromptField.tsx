import { ImagePlus, X } from 'lucide-react';
import { useId } from 'react';
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
import { isForeign, isShort } from './prompt-language';
import { PromptTools } from './PromptTools';
import { RewriteButton, RewritePanel, useRewriteNote } from './Rewrite';
import type { CreateForm } from './use-create';
import { useTokenCount, type TokenCount } from './use-token-count';

const longestOf = (prompts: readonly string[]): string =>
  prompts.reduce((longest, prompt) => (prompt.length > longest.length ? prompt : longest), '');

/** What would make the prompt a better one; null for nothing. The demo model was trained on short sentences. */
function adviceFor(prompts: readonly string[], isDemo: boolean): string | null {
  const prompt = longestOf(prompts);
  if (isForeign(prompt)) return copy.create.englishOnly;
  return prompts.length === 1 && !isDemo && isShort(prompt) ? copy.rewriting.short : null;
}

/** One line below the prompt; a space keeps its height when it is empty. */
function promptNote(prompts: readonly string[], count: TokenCount | null, advice: string | null): string {
  if (longestOf(prompts).trim() === '') return '\u00a0';
  if (advice !== null) return advice;
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
  const advice = adviceFor(prompts, form.model?.source === 'builtin');
  const rewriteNote = useRewriteNote();
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
        onChange={(event) => form.setPrompt(event.target.value)}
      />
      <div className={styles.noteRow}>
        <p id={noteId} className={classes(styles.tokens, advice === null && isTooLong && styles.warn)}>
          {rewriteNote ?? promptNote(prompts, count, advice)}
        </p>
        {!isEmpty && <RewriteButton isOnePrompt={prompts.length === 1} isAdvised={advice !== null} />}
      </div>
      <RewritePanel modelId={form.model?.id ?? null} />
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
