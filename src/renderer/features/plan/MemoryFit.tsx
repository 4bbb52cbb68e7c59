import { memoryText, type MemoryFitInput } from './memory-fit';
import styles from './PlanPanel.module.css';

/** The memory that each GPU will need and, if it doesn't fit, what would help. */
export function MemoryFit(input: MemoryFitInput) {
  const text = memoryText(input);
  if (text === null) return null;
  return (
    <div className={styles.memoryNote} role="status">
      <p>{text.needs}</p>
      {text.problem !== null && <p className={styles.warn}>{text.problem}</p>}
    </div>
  );
}
