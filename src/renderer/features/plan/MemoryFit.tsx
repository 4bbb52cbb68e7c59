import { memoryWords, type MemoryFitInput } from './memory-fit';
import styles from './PlanPanel.module.css';

/** What each GPU will need, and what would make it fit where it does not. */
export function MemoryFit(input: MemoryFitInput) {
  const words = memoryWords(input);
  if (words === null) return null;
  return (
    <div className={styles.said} role="status">
      <p>{words.needs}</p>
      {words.problem !== null && <p className={styles.warn}>{words.problem}</p>}
    </div>
  );
}
