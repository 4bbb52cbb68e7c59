import { memoryWords, type MemoryFitInput } from './memory-fit';
import styles from './PlanPanel.module.css';

/** The memory that each GPU will need and, if it doesn't fit, what would help. */
export function MemoryFit(input: MemoryFitInput) {
  const words = memoryWords(input);
  if (words === null) return null;
  return (
    <div className={styles.memoryNote} role="status">
      <p>{words.needs}</p>
      {words.problem !== null && <p className={styles.warn}>{words.problem}</p>}
    </div>
  );
}
