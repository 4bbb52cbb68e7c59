import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import styles from './SettingsPage.module.css';

interface NoticesDialogProps {
  readonly text: string;
  readonly onClose: () => void;
}

export function NoticesDialog({ text, onClose }: NoticesDialogProps) {
  const title = copy.settings.noticesTitle;
  return (
    <Dialog title={title} onClose={onClose} actions={<Button onClick={onClose}>{copy.app.close}</Button>}>
      {/* Scrolled by keys: it holds nothing that could have the focus. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={styles.notices} tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </Dialog>
  );
}
