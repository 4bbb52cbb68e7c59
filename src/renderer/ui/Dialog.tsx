import { useEffect, useId, useRef, type ReactNode } from 'react';
import { copy } from '../copy';
import { Button } from './Button';
import { classes } from './classes';
import styles from './controls.module.css';
import { elementToReturnTo, isFocusLost } from './focus';
import { focusCurrentItem, listOf } from './use-roving';

/** For lists and for content in columns. */
const WIDTHS = { list: styles.wideDialog, columns: styles.columnsDialog } as const;

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly actions: ReactNode;
  readonly width?: keyof typeof WIDTHS;
}

/** The browser's own modal dialog: it traps the focus, closes with Esc and injects no styles. Shown while mounted. */
export function Dialog({ title, onClose, children, actions, width }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    const opener = elementToReturnTo();
    const list = listOf(opener);
    if (dialog?.open === false) dialog.showModal();
    return () => {
      dialog?.close();
      // The browser returns the focus only if the dialog and its opener are still in the document.
      if (isFocusLost()) opener?.focus();
      // The opener itself may have been deleted.
      if (list?.isConnected === true) focusCurrentItem(list);
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className={classes(styles.dialog, width !== undefined && WIDTHS[width])}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={titleId} className={styles.dialogTitle}>
        {title}
      </h2>
      {children}
      <div className={styles.dialogActions}>{actions}</div>
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no?: string;
  readonly onYes: () => void;
  readonly onClose: () => void;
}

export function Confirm({ title, text, yes, no = copy.app.cancel, onYes, onClose }: ConfirmProps) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{no}</Button>
          <Button
            look="danger"
            onClick={() => {
              onYes();
              onClose();
            }}
          >
            {yes}
          </Button>
        </>
      }
    >
      <p>{text}</p>
    </Dialog>
  );
}
