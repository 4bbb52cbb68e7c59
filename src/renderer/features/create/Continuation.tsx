import { X } from 'lucide-react';
import type { Draft } from '../../state/draft';
import { copy } from '../../copy';
import { IconButton } from '../../ui/Button';
import styles from './FirstFrame.module.css';

interface ContinuationProps {
  readonly continues: NonNullable<Draft['continues']>;
  readonly onEnd: () => void;
}

/** Shows which video the form's video will be joined to. */
export function Continuation({ continues, onEnd }: ContinuationProps) {
  return (
    <div className={styles.continuation}>
      <p className={styles.note}>{copy.nextVideo.continues({ name: continues.fileName })}</p>
      <IconButton size="small" label={copy.nextVideo.separate} onClick={onEnd}>
        <X size={14} aria-hidden />
      </IconButton>
    </div>
  );
}
