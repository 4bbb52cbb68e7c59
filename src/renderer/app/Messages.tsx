import { X } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { copy } from '../copy';
import { Button, IconButton } from '../ui/Button';
import { ErrorNote } from '../ui/ErrorNote';
import styles from './App.module.css';
import { saveDiagnostics } from '../state/diagnostics';
import { useSlice } from '../state/projection';
import { dismissToast, send, shownForMs, useToasts, type Toast, type ToastAction } from '../state/send';

/** Notices from the main process, calls that failed, and short confirmations. */
export function Messages() {
  const notices = useSlice('notices');
  const toasts = useToasts((state) => state.toasts);
  return (
    <div className={styles.messages} role="region" aria-label={copy.app.messages}>
      {notices.map((notice) => (
        <Message key={notice.id} onDismiss={() => void send(window.splitreel.dismissNotice({ noticeId: notice.id }))}>
          <ErrorNote error={notice.error} onSaveDiagnostics={saveDiagnostics} />
        </Message>
      ))}
      {toasts.map((toast) => (
        <ToastMessage key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

/** Closes after a while, but not while it has the pointer or the focus. */
function ToastMessage({ toast }: { readonly toast: Toast }) {
  const [isUsed, setIsUsed] = useState(false);
  useEffect(() => {
    if (isUsed) return;
    const timer = window.setTimeout(() => dismissToast(toast.id), shownForMs(toast));
    return () => window.clearTimeout(timer);
  }, [toast, isUsed]);
  return (
    // These handlers only pause the timer; everything that can be pressed is a button inside.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      onPointerEnter={() => setIsUsed(true)}
      onPointerLeave={() => setIsUsed(false)}
      onFocus={() => setIsUsed(true)}
      onBlur={() => setIsUsed(false)}
    >
      <Message onDismiss={() => dismissToast(toast.id)}>
        {toast.error === null ? <p role="status">{toast.text}</p> : <ErrorNote error={toast.error} />}
        {toast.action !== null && <ToastButton id={toast.id} action={toast.action} />}
      </Message>
    </div>
  );
}

function ToastButton({ id, action }: { readonly id: number; readonly action: ToastAction }) {
  return (
    <Button
      size="small"
      onClick={() => {
        action.run();
        dismissToast(id);
      }}
    >
      {action.label}
    </Button>
  );
}

function Message({ children, onDismiss }: { readonly children: ReactNode; readonly onDismiss: () => void }) {
  return (
    <div className={styles.message}>
      <div className={styles.messageText}>{children}</div>
      <IconButton size="small" label={copy.app.dismiss} onClick={onDismiss}>
        <X size={14} aria-hidden />
      </IconButton>
    </div>
  );
}
