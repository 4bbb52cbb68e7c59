/**
 * One item of a list or grid is reached by Tab, and the arrow keys move between items. The item keeps its place by its
 * key, so that another order takes it along; if it is removed, its neighbor takes over, with the focus if it had it.
 */
import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type FocusEvent as ReactFocusEvent,
  type KeyboardEvent,
  type RefObject,
} from 'react';
import { isFocusLost } from './focus';
import { movedBy, type GridShape } from './roving';

export interface RovingOptions extends Omit<GridShape, 'count'> {
  readonly list: RefObject<HTMLUListElement | null>;
  readonly keys: readonly string[];
  readonly onMove?: ((from: number, to: number, event: KeyboardEvent) => void) | undefined;
}

interface Roving {
  /** The item that Tab reaches. */
  readonly current: number;
  /** For the `ul`. */
  readonly listProps: {
    readonly onKeyDown: (event: KeyboardEvent) => void;
    readonly onFocus: (event: ReactFocusEvent) => void;
  };
}

const ITEM = 'data-roving';

/** For the `li`. */
export const rovingItem = (index: number, current: number) =>
  ({ [ITEM]: index, 'data-current': index === current || undefined }) as const;

/** For whatever inside an item can have the focus. */
export const rovingTab = (isCurrent: boolean): 0 | -1 => (isCurrent ? 0 : -1);

/** The item itself if it takes the focus, otherwise its first button. */
function focusItem(item: HTMLElement | null | undefined): void {
  const main = item?.hasAttribute('tabindex') === true ? item : item?.querySelector<HTMLElement>('button');
  // The whole item comes into sight, not only the button in it.
  main?.focus({ preventScroll: true });
  item?.scrollIntoView({ block: 'nearest' });
}

/** For what disappears when it is used, and acts on the items of a list that stays. */
export function focusCurrentItem(within: Element | null): void {
  if (isFocusLost()) focusItem(within?.querySelector<HTMLElement>(`[${ITEM}][data-current]`));
}

export const listOf = (element: Element | null): Element | null => element?.closest(`[${ITEM}]`)?.parentElement ?? null;

export function useRoving({ list, keys, columns, pageRows, onMove }: RovingOptions): Roving {
  const [last, setLast] = useState<{ readonly key: string | null; readonly index: number }>({ key: null, index: 0 });
  const isMoving = useRef(false);
  const hasFocus = useRef(false);
  const found = last.key === null ? -1 : keys.indexOf(last.key);
  const current = found >= 0 ? found : Math.max(Math.min(last.index, keys.length - 1), 0);

  useLayoutEffect(() => {
    if (!isMoving.current && !(hasFocus.current && isFocusLost())) return;
    isMoving.current = false;
    focusItem(list.current?.querySelector<HTMLElement>(`[${ITEM}="${String(current)}"]`));
  });

  // An element that is removed or moved loses the focus without an event, so what counts is where the focus went itself.
  useEffect(() => {
    const onFocusIn = ({ target }: FocusEvent): void => {
      // A region only holds the focus of an item that is gone, for example out of sight.
      if (isFocusLost()) return;
      hasFocus.current = target instanceof Node && list.current?.contains(target) === true;
    };
    const onPointerDown = (): void => {
      hasFocus.current = false;
    };
    document.addEventListener('focusin', onFocusIn);
    document.addEventListener('pointerdown', onPointerDown, true);
    return () => {
      document.removeEventListener('focusin', onFocusIn);
      document.removeEventListener('pointerdown', onPointerDown, true);
    };
  }, [list]);

  const moveTo = (index: number): void => setLast({ key: keys[index] ?? null, index });
  const itemOf = (target: EventTarget): HTMLElement | null => {
    const item = target instanceof Element ? target.closest<HTMLElement>(`[${ITEM}]`) : null;
    // Events of a menu bubble along React's tree, although the menu is elsewhere in the document.
    return item !== null && list.current?.contains(item) === true ? item : null;
  };
  return {
    current,
    listProps: {
      onFocus: ({ target }) => {
        const index = Number(itemOf(target)?.getAttribute(ITEM) ?? -1);
        if (index >= 0 && keys[index] !== last.key) moveTo(index);
      },
      onKeyDown: (event) => {
        if (event.isDefaultPrevented() || event.altKey || event.metaKey || itemOf(event.target) === null) return;
        const to = movedBy(event.key, current, { count: keys.length, columns, pageRows });
        if (to === null) return;
        // Otherwise the page would scroll as well.
        event.preventDefault();
        if (to === current) return;
        isMoving.current = true;
        moveTo(to);
        onMove?.(current, to, event);
      },
    },
  };
}
