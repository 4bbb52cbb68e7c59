import { useId, useRef, type KeyboardEvent, type PointerEvent } from 'react';
import type { Axis, AxisOption } from '../../../shared/plan';
import { copy } from '../../copy/en';
import { Tooltip } from '../../ui/Tooltip';
import styles from './DegreeSlider.module.css';
import { blockedText } from './moves';

interface DegreeSliderProps {
  readonly axis: Axis;
  readonly value: number;
  readonly options: readonly AxisOption[];
  readonly badge?: string;
  readonly onChange: (value: number) => void;
}

const reasonOf = (option: AxisOption): string => (option.blocked === null ? '' : blockedText(option.blocked));

/**
 * A slider whose every stop can be reached, so that a blocked one can say why. For assistive technology it is a group
 * of radio buttons: a slider's role knows no disabled values.
 */
export function DegreeSlider({ axis, value, options, badge, onChange }: DegreeSliderProps) {
  const name = copy.plan.axes[axis];
  const labelId = useId();
  const hintId = useId();
  const reasonId = useId();
  const stops = useRef(new Map<number, HTMLButtonElement>());
  const isDragging = useRef(false);

  const choose = (option: AxisOption | undefined): void => {
    if (option?.blocked === null && option.value !== value) onChange(option.value);
  };

  const onKeyDown = (event: KeyboardEvent, at: number): void => {
    const last = options.length - 1;
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      Home: 0,
      End: last,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const option = options[Math.min(Math.max(to, 0), last)];
    if (option === undefined) return;
    stops.current.get(option.value)?.focus();
    choose(option);
  };

  const onPointerMove = (event: PointerEvent): void => {
    if (!isDragging.current) return;
    const nearest = options
      .filter((option) => option.blocked === null)
      .map((option) => {
        const box = stops.current.get(option.value)?.getBoundingClientRect();
        return { option, distance: box === undefined ? Infinity : Math.abs(box.left + box.width / 2 - event.clientX) };
      })
      .sort((a, b) => a.distance - b.distance)[0];
    choose(nearest?.option);
  };

  return (
    <div className={styles.row}>
      <div className={styles.heading}>
        <span id={labelId}>{name}</span>
        {badge !== undefined && <span className={styles.badge}>{badge}</span>}
        <span id={hintId} className={styles.hint}>
          {copy.plan.hints[axis]}
        </span>
      </div>
      <div
        className={styles.track}
        role="radiogroup"
        tabIndex={-1}
        aria-labelledby={labelId}
        aria-describedby={hintId}
        onPointerDown={() => {
          isDragging.current = true;
        }}
        onPointerMove={onPointerMove}
        onPointerUp={() => {
          isDragging.current = false;
        }}
        onPointerLeave={() => {
          isDragging.current = false;
        }}
      >
        {options.map((option, at) => (
          <Tooltip key={option.value} text={reasonOf(option)}>
            <button
              type="button"
              ref={(element) => {
                if (element === null) stops.current.delete(option.value);
                else stops.current.set(option.value, element);
              }}
              className={styles.stop}
              role="radio"
              aria-checked={option.value === value}
              aria-disabled={option.blocked !== null}
              aria-label={copy.plan.option(name, option.value)}
              aria-describedby={option.blocked === null ? undefined : `${reasonId}-${String(option.value)}`}
              tabIndex={option.value === value ? 0 : -1}
              onKeyDown={(event) => onKeyDown(event, at)}
              onClick={() => choose(option)}
            >
              {option.value}
            </button>
          </Tooltip>
        ))}
      </div>
      {options.map(
        (option) =>
          option.blocked !== null && (
            <span key={option.value} id={`${reasonId}-${String(option.value)}`} className="visually-hidden">
              {`${copy.plan.blocked}: ${reasonOf(option)}`}
            </span>
          ),
      )}
    </div>
  );
}
