/** A list with a search field. The arrow keys move in the list while the field keeps the focus. */
import { useId, useRef, useState, type KeyboardEvent } from 'react';
import controls from './controls.module.css';
import styles from './PickList.module.css';

export interface PickItem {
  readonly id: string;
  readonly text: string;
  /** Also searched. */
  readonly detail?: string;
  readonly keys?: string;
}

interface PickListProps<T extends PickItem> {
  readonly label: string;
  readonly items: readonly T[];
  /** Shown if nothing matches. */
  readonly empty: string;
  readonly onPick: (item: T) => void;
  /** The item that a button next to the list would act on. */
  readonly onActive?: (item: T | null) => void;
}

/** Further rows are found by typing. */
const MAX_ROWS = 100;

/** True if every word of the search occurs, in any order. */
export function filterItems<T extends PickItem>(items: readonly T[], search: string): readonly T[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ({ text, detail = '' }: PickItem): boolean => {
    const all = `${text} ${detail}`.toLowerCase();
    return words.every((word) => all.includes(word));
  };
  return items.filter(matches).slice(0, MAX_ROWS);
}

export function PickList<T extends PickItem>({ label, items, empty, onPick, onActive }: PickListProps<T>) {
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const [search, setSearch] = useState('');
  const [wanted, setWanted] = useState(0);
  const found = filterItems(items, search);
  const at = Math.min(wanted, found.length - 1);
  const optionId = (index: number): string => `${listId}-${String(index)}`;

  const moveTo = (index: number): void => {
    const next = Math.min(Math.max(index, 0), found.length - 1);
    setWanted(next);
    onActive?.(found[next] ?? null);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const picked = found[at];
    if (event.key === 'ArrowDown') moveTo(at + 1);
    else if (event.key === 'ArrowUp') moveTo(at - 1);
    else if (event.key === 'Enter' && picked !== undefined) onPick(picked);
    else return;
    event.preventDefault();
  };
  return (
    <div className={styles.pick}>
      <input
        className={controls.input}
        type="search"
        role="combobox"
        aria-label={label}
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={found.length === 0 ? undefined : optionId(at)}
        placeholder={label}
        // A dialog focuses its first control, which is this one.
        value={search}
        onChange={(event) => {
          setSearch(event.target.value);
          setWanted(0);
          onActive?.(filterItems(items, event.target.value)[0] ?? null);
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} id={listId} className={styles.list} role="listbox" aria-label={label}>
        {found.map((item, index) => (
          // The field above handles the keys.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={item.id}
            id={optionId(index)}
            role="option"
            tabIndex={-1}
            className={styles.option}
            aria-selected={index === at}
            title={item.text}
            onPointerMove={() => {
              if (index !== at) {
                setWanted(index);
                onActive?.(item);
              }
            }}
            onClick={() => onPick(item)}
          >
            <span className={styles.text} dir="auto">
              {item.text}
            </span>
            {item.detail !== undefined && <span className={styles.detail}>{item.detail}</span>}
            {item.keys !== undefined && <kbd className={styles.detail}>{item.keys}</kbd>}
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <p className={styles.empty} role="status">
          {empty}
        </p>
      )}
    </div>
  );
}
