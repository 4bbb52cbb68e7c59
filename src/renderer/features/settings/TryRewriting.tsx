import { useEffect, useRef, useState } from 'react';
import { appError, type AppError } from '../../../shared/errors';
import { rewriterName } from '../../../shared/rewriting';
import { copy } from '../../copy';
import { useDraftModelId } from '../../state/draft';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { Button } from '../../ui/Button';
import { ErrorNote } from '../../ui/ErrorNote';
import { TextField } from '../../ui/fields';
import page from '../../ui/page.module.css';
import styles from './SettingsPage.module.css';

const strings = copy.rewritingSettings;

type Trial =
  | { readonly status: 'idle' | 'running' }
  | { readonly status: 'answered'; readonly text: string }
  | { readonly status: 'failed'; readonly error: AppError };

/** Shows what the rewriter answers, so that it is known to work before it is needed. */
export function TryRewriting() {
  const { rewriter } = useSlice('settings');
  const modelId = useDraftModelId();
  const [text, setText] = useState<string>(strings.example);
  const [trial, setTrial] = useState<Trial>({ status: 'idle' });
  const isRunning = useRef(false);
  // Nothing would show the answer.
  useEffect(
    () => () => {
      if (isRunning.current) void send(window.splitreel.cancelRewrite());
    },
    [],
  );
  const start = async (): Promise<void> => {
    setTrial({ status: 'running' });
    isRunning.current = true;
    const result = await window.splitreel
      .rewritePrompt({ modelId, text })
      .catch((error: unknown) => ({ ok: false as const, error: appError('INTERNAL', {}, { details: String(error) }) }));
    isRunning.current = false;
    if (!result.ok) setTrial({ status: 'failed', error: result.error });
    else setTrial(result.value === null ? { status: 'idle' } : { status: 'answered', text: result.value });
  };
  return (
    <>
      <TextField label={strings.tryPrompt} maxLength={2_000} value={text} onChange={setText} />
      <div className={page.row}>
        {trial.status === 'running' ? (
          <Button onClick={() => void send(window.splitreel.cancelRewrite())}>{copy.app.cancel}</Button>
        ) : (
          <Button disabled={text.trim() === ''} onClick={() => void start()}>
            {strings.tryIt}
          </Button>
        )}
        <span className={page.quiet} role="status">
          {trial.status === 'running' && copy.rewriting.started({ name: rewriterName(rewriter) ?? '' })}
        </span>
      </div>
      {trial.status === 'answered' && (
        <div role="group" aria-label={strings.answer} className={styles.answer}>
          {trial.text}
        </div>
      )}
      {trial.status === 'failed' && <ErrorNote error={trial.error} />}
    </>
  );
}
