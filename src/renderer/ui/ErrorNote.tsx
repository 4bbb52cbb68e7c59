import { useState, type ReactNode } from 'react';
import { describeError, type AppError } from '../../shared/errors';
import { copy } from '../copy/en';
import { Button } from './Button';
import styles from './controls.module.css';

interface ErrorNoteProps {
  readonly error: AppError;
  readonly children?: ReactNode;
  /** Saves a diagnostics bundle; without it no button for that is shown. */
  readonly onSaveDiagnostics?: (includePrompts: boolean) => void;
}

/** What happened, what to do, and the rest a click away. */
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
      {isOpen && <pre className={styles.noteDetails}>{error.details}</pre>}
    </div>
  );
}
