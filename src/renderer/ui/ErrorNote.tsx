import { useCallback, useState, type ReactNode } from 'react';
import { describeError, type AppError } from '../../shared/errors';
import { copy } from '../copy';
import { Button } from './Button';
import styles from './controls.module.css';

interface ErrorNoteProps {
  readonly error: AppError;
  readonly children?: ReactNode;
  /** Saves a diagnostics bundle; without it the button is hidden. */
  readonly onSaveDiagnostics?: (includePrompts: boolean) => void;
}

/** Shows what happened and what to do; details on click. */
export function ErrorNote({ error, children, onSaveDiagnostics }: ErrorNoteProps) {
  const [hasPrompts, setHasPrompts] = useState(false);
  const [isOpen, setIsOpen] = useState(false);
  const { message, action } = describeError(error);
  return (
    <div className={styles.note} role="alert">
      <p className={styles.noteMessage}>{message}</p>
      <p className={styles.noteAction}>{action}</p>
      <div className={styles.noteRow}>
        {children}
        {error.details !== null && (
          <Button size="small" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {copy.app.details}
          </Button>
        )}
        {onSaveDiagnostics !== undefined && (
          <>
            <Button size="small" onClick={() => onSaveDiagnostics(hasPrompts)}>
              {copy.errors.saveDiagnostics}
            </Button>
            <label className={styles.check}>
              <input type="checkbox" checked={hasPrompts} onChange={(event) => setHasPrompts(event.target.checked)} />
              {copy.errors.includePrompts}
            </label>
          </>
        )}
      </div>
      {isOpen && error.details !== null && <Details text={error.details} />}
    </div>
  );
}

/** A traceback names the error in its last line, so scroll there. */
function Details({ text }: { readonly text: string }) {
  const showEnd = useCallback((element: HTMLElement | null) => {
    if (element !== null) element.scrollTop = element.scrollHeight;
  }, []);
  return (
    <>
      {/* Scrolled by keyboard, so it takes the focus. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre ref={showEnd} className={styles.noteDetails} tabIndex={0} role="region" aria-label={copy.app.details}>
        {text}
      </pre>
      <div className={styles.noteRow}>
        <Button size="small" onClick={() => void window.splitreel.copyText({ text })}>
          {copy.app.copy}
        </Button>
      </div>
    </>
  );
}
