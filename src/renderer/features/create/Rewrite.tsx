/** Rewriting the prompt with a command or server: the button next to the prompt's note, and the suggestion below it. */
import { WandSparkles } from 'lucide-react';
import { Fragment, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { noticeText } from '../../../shared/messages';
import { remoteHost, rewriterName } from '../../../shared/rewriting';
import { copy } from '../../copy';
import { useCommands } from '../../state/commands';
import { goToRewriting } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import {
  acceptRewrite,
  cancelRewrite,
  discardRewrite,
  startRewrite,
  useRewrite,
  type Rewrite,
} from '../../state/rewrite';
import { Button } from '../../ui/Button';
import { classes } from '../../ui/classes';
import controls from '../../ui/controls.module.css';
import { isFocusLost } from '../../ui/focus';
import { Tooltip } from '../../ui/Tooltip';
import { useShortcut } from '../../ui/use-shortcut';
import styles from './CreatePage.module.css';
import own from './Rewrite.module.css';
import { useTokenCount } from './use-token-count';
import { wordDiff } from './word-diff';

const strings = copy.rewriting;
const SECOND_MS = 1_000;

interface RewriteButtonProps {
  /** False where there is no single prompt to rewrite. */
  readonly isOnePrompt: boolean;
  /** The prompt is one that rewriting helps: too short, or in another language. */
  readonly isAdvised: boolean;
}

/** Nothing at all until rewriting is set up, except for a way there where it would help. */
export function RewriteButton({ isOnePrompt, isAdvised }: RewriteButtonProps) {
  const { rewriter } = useSlice('settings');
  const { rewrite } = useRewrite();
  const name = rewriterName(rewriter);
  if (name === null)
    return isAdvised ? (
      <Button size="small" look="plain" className={styles.rewriteLink} onClick={goToRewriting}>
        {strings.setUp}
      </Button>
    ) : null;
  if (rewrite.status === 'running')
    return (
      <Button size="small" onClick={cancelRewrite}>
        {copy.app.cancel}
      </Button>
    );
  const host = remoteHost(rewriter);
  const start = (): void => {
    if (isOnePrompt) void startRewrite();
  };
  return (
    <>
      {rewrite.status === 'idle' && <RewriteKeys run={start} />}
      <Tooltip text={hintText(isOnePrompt, name, host)}>
        <Button
          size="small"
          look="plain"
          aria-disabled={!isOnePrompt}
          aria-description={isOnePrompt ? undefined : strings.onePrompt}
          onClick={start}
        >
          <WandSparkles size={14} aria-hidden />
          {strings.rewrite}
        </Button>
      </Tooltip>
    </>
  );
}

function hintText(isOnePrompt: boolean, name: string, host: string | null): string {
  if (!isOnePrompt) return strings.onePrompt;
  return host === null ? strings.with({ name }) : strings.sends({ host });
}

/** The key and the command: they start it, and go to the suggestion where there is one. */
function RewriteKeys({ run }: { readonly run: () => void }) {
  useCommands('rewrite', [{ id: 'rewrite', label: strings.command, keys: strings.keys, run }]);
  useShortcut({
    inControls: true,
    match: ({ key, ctrlKey, metaKey, shiftKey, altKey }) =>
      (ctrlKey || metaKey) && shiftKey && !altKey && key.toLowerCase() === 'r' ? run : null,
  });
  return null;
}

/** In the place of the prompt's note while an answer is on its way; null otherwise. */
export function useRewriteNote(): string | null {
  const { rewriter } = useSlice('settings');
  const { rewrite } = useRewrite();
  const elapsedMs = useElapsed(rewrite);
  const name = rewriterName(rewriter);
  return rewrite.status !== 'running' || name === null
    ? null
    : strings.running({ name, seconds: Math.floor(elapsedMs / SECOND_MS) });
}

function useElapsed(rewrite: Rewrite): number {
  const [nowMs, setNowMs] = useState(0);
  const startedAtMs = rewrite.status === 'running' ? rewrite.startedAtMs : null;
  useEffect(() => {
    if (startedAtMs === null) return;
    const timer = window.setInterval(() => setNowMs(performance.now()), SECOND_MS);
    return () => window.clearInterval(timer);
  }, [startedAtMs]);
  return startedAtMs === null ? 0 : Math.max(0, nowMs - startedAtMs);
}

export function RewritePanel({ modelId }: { readonly modelId: string | null }) {
  const { rewrite } = useRewrite();
  const { rewriter } = useSlice('settings');
  const name = rewriterName(rewriter);
  const status = rewrite.status === 'running' && name !== null ? strings.started({ name }) : '';
  return (
    <>
      <p className="visually-hidden" role="status">
        {rewrite.status === 'suggested' ? strings.ready : status}
      </p>
      {rewrite.status === 'suggested' && (
        <Suggestion key={rewrite.text} {...rewrite} name={name ?? ''} modelId={modelId} />
      )}
    </>
  );
}

interface SuggestionProps {
  readonly original: string;
  readonly text: string;
  readonly name: string;
  readonly modelId: string | null;
}

function Suggestion({ original, text, name, modelId }: SuggestionProps) {
  const [edited, setEdited] = useState<string | null>(null);
  const accept = useRef<HTMLButtonElement>(null);
  const current = edited ?? text;
  // Not from a field that is being typed in; the button that was pressed has gone.
  useEffect(() => {
    if (isFocusLost()) accept.current?.focus();
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    // Otherwise it would also cancel the running video.
    event.preventDefault();
    discardRewrite();
  };
  return (
    // Esc works anywhere inside it, as on its Discard button.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section className={own.panel} aria-label={strings.title({ name })} onKeyDown={onKeyDown}>
      <RewriteKeys run={() => accept.current?.focus()} />
      <div className={own.head}>
        <span className={own.name}>{strings.title({ name })}</span>
        <Tokens modelId={modelId} text={current} />
      </div>
      {edited === null ? (
        <Difference original={original} text={text} />
      ) : (
        <textarea
          className={classes(controls.textarea, own.editor)}
          dir="auto"
          aria-label={strings.text}
          maxLength={20_000}
          // The person has just asked to type here.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          value={edited}
          onChange={(event) => setEdited(event.target.value)}
        />
      )}
      <div className={own.actions}>
        <Button
          ref={accept}
          size="small"
          look="primary"
          disabled={current.trim() === ''}
          onClick={() => acceptRewrite(current.trim())}
        >
          {strings.accept}
        </Button>
        {edited === null && (
          <Button size="small" onClick={() => setEdited(text)}>
            {strings.edit}
          </Button>
        )}
        <Button size="small" onClick={discardRewrite}>
          {strings.discard}
        </Button>
      </div>
    </section>
  );
}

function Tokens({ modelId, text }: { readonly modelId: string | null; readonly text: string }) {
  const count = useTokenCount(modelId, text);
  if (count === null) return null;
  const isTooLong = count.tokens > count.max;
  return (
    <span className={classes(isTooLong && own.warn)}>
      {isTooLong ? noticeText('prompt_too_long', { ...count }) : copy.create.tokens({ ...count })}
    </span>
  );
}

const TAGS = { kept: 'span', added: 'ins', dropped: 'del' } as const;

/** Words that the original does not have are marked, and those that are dropped crossed out. */
function Difference({ original, text }: { readonly original: string; readonly text: string }) {
  const parts = wordDiff(original, text);
  const isAllNew = parts.length === 1;
  return (
    // Scrolled by keyboard, so it takes the focus.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <p className={own.text} dir="auto" tabIndex={0} role="region" aria-label={strings.text}>
      {isAllNew
        ? text
        : parts.map((part, index) => {
            const Tag = TAGS[part.kind];
            return (
              <Fragment key={`${String(index)} ${part.text}`}>
                <Tag>{part.text}</Tag>{' '}
              </Fragment>
            );
          })}
    </p>
  );
}
