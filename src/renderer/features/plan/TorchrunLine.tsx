import { Copy } from 'lucide-react';
import { send, showToast } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import styles from './PlanPanel.module.css';

/** The command line for the same video, to read and copy. */
export function TorchrunLine({ line }: { readonly line: string }) {
  const copyLine = async (): Promise<void> => {
    if ((await send(window.splitreel.copyText({ text: line }))) !== null) showToast(copy.plan.copied);
  };
  return (
    <div className={styles.torchrun}>
      <div className={styles.head}>
        <span className={styles.quiet}>{copy.plan.torchrun}</span>
        <Button size="small" look="plain" onClick={() => void copyLine()}>
          <Copy size={14} aria-hidden />
          {copy.plan.copyLine}
        </Button>
      </div>
      <textarea className={styles.line} aria-label={copy.plan.torchrun} readOnly rows={4} value={line} />
    </div>
  );
}
