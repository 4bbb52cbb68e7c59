import styles from './controls.module.css';

interface MeterProps {
  readonly label: string;
  /** 0 to 1. */
  readonly value: number;
  readonly color?: string;
}

export function Meter({ label, value, color }: MeterProps) {
  const share = Math.min(Math.max(value, 0), 1);
  return (
    <div
      className={styles.meter}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <div className={styles.meterFill} style={{ transform: `scaleX(${String(share)})`, background: color }} />
    </div>
  );
}
