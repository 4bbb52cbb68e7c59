import { formatPair } from '../../../shared/format';
import { useId, useRef, type KeyboardEvent, type PointerEvent, type Ref } from 'react';
import type { Axis, AxisOption } from '../../../shared/plan';
import { copy } from '../../copy';
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
 * A slider whose stops can all be focused, so that a blocked one can show the reason. For assistive technology it is a
 * group of radio buttons, because the slider role has no disabled values.
 */
export function DegreeSlider({ axis, value, options, badge, onChange }: DegreeSliderProps) {
  const name = copy.plan.axes[axis];
  const labelId = useId();
  const hintId = useId();
  const reasonId = useId();
  const reasonIdOf = (option: AxisOption): string => `${reasonId}-${String(option.value)}`;
  const stops = useRef(new Map<number, HTMLButtonElement>());

  const choose = (option: AxisOption | undefined): void => {
    if (option?.blocked === null && option.value !== value) onChange(option.value);
  };
  const onKeyDown = (event: KeyboardEvent, at: number): void => {
    const option = options[stopAfterKey(event.key, at, options.length - 1) ?? -1];
    if (option === undefined) return;
    event.preventDefault();
    stops.current.get(option.value)?.focus();
    choose(option);
  };
  const onDrag = (x: number): void => {
    const allowed = options.filter((option) => option.blocked === null);
    const distanceTo = ({ value: degree }: AxisOption): number => {
      const box = stops.current.get(degree)?.getBoundingClientRect();
      return box === undefined ? Infinity : Math.abs(box.left + box.width / 2 - x);
    };
    choose(allowed.sort((a, b) => distanceTo(a) - distanceTo(b))[0]);
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
        {...useDrag(onDrag)}
      >
        {options.map((option, at) => (
          <Stop
            key={option.value}
            ref={(element) => {
              if (element === null) stops.current.delete(option.value);
              else stops.current.set(option.value, element);
            }}
            label={copy.plan.option({ axis: name, value: option.value })}
            option={option}
            isChosen={option.value === value}
            reasonId={reasonIdOf(option)}
            onKeyDown={(event) => onKeyDown(event, at)}
            onChoose={() => choose(option)}
          />
        ))}
      </div>
      {options.map(
        (option) =>
          option.blocked !== null && (
            <span key={option.value} id={reasonIdOf(option)} className="visually-hidden">
              {formatPair(copy.plan.blocked, reasonOf(option))}
            </span>
          ),
      )}
    </div>
  );
}

interface StopProps {
  readonly ref: Ref<HTMLButtonElement>;
  readonly label: string;
  readonly option: AxisOption;
  readonly isChosen: boolean;
  /** The id of the element with the reason why the stop is blocked. */
  readonly reasonId: string;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onChoose: () => void;
}

function Stop({ ref, label, option, isChosen, reasonId, onKeyDown, onChoose }: StopProps) {
  const isBlocked = option.blocked !== null;
  return (
    <Tooltip text={reasonOf(option)}>
      <button
        type="button"
        ref={ref}
        className={styles.stop}
        role="radio"
        aria-checked={isChosen}
        aria-disabled={isBlocked}
        aria-label={label}
        aria-describedby={isBlocked ? reasonId : undefined}
        tabIndex={isChosen ? 0 : -1}
        onKeyDown={onKeyDown}
        onClick={onChoose}
      >
        {option.value}
      </button>
    </Tooltip>
  );
}

/** The position that a key moves to from `at`; undefined for other keys. */
function stopAfterKey(key: string, at: number, last: number): number | undefined {
  const positions: Readonly<Record<string, number>> = {
    ArrowRight: Math.min(at + 1, last),
    ArrowUp: Math.min(at + 1, last),
    ArrowLeft: Math.max(at - 1, 0),
    ArrowDown: Math.max(at - 1, 0),
    Home: 0,
    End: last,
  };
  return positions[key];
}

/** Handlers that report the position of a pressed pointer. */
function useDrag(onDrag: (x: number) => void) {
  const isDragging = useRef(false);
  const stop = (): void => {
    isDragging.current = false;
  };
  return {
    onPointerDown: () => {
      isDragging.current = true;
    },
    onPointerMove: ({ clientX }: PointerEvent) => {
      if (isDragging.current) onDrag(clientX);
    },
    onPointerUp: stop,
    onPointerLeave: stop,
  };
}
