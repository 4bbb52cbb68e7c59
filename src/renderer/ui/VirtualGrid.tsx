/** Lists of any length: only visible items are in the document. */
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import {
  Fragment,
  useDeferredValue,
  useLayoutEffect,
  useRef,
  useState,
  type CSSProperties,
  type ReactNode,
  type RefObject,
} from 'react';
import { rovingItem, useRoving, type RovingOptions } from './use-roving';

/** For the item's own `li`: its position, and its number for screen readers, which know only the items in the document. */
export interface GridCell extends ReturnType<typeof rovingItem> {
  readonly style: CSSProperties;
  readonly 'aria-posinset': number;
  readonly 'aria-setsize': number;
}

interface VirtualGridProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  /** A column is at least this wide; as many as fit share the width. */
  readonly minColumnWidth: number;
  readonly gap: number;
  /** The height of one item, the same for all of them, in a column of this width. */
  readonly itemHeight: (columnWidth: number) => number;
  readonly className?: string | undefined;
  readonly label: string;
  /** An arrow key has moved from one item to another. */
  readonly onMove?: RovingOptions['onMove'];
  /** Home, End, Page Up and Page Down move between its items as well. */
  readonly hasPageKeys?: boolean;
  readonly children: (item: T, index: number, cell: GridCell) => ReactNode;
}

/** Extra rows beyond the edge, so that fast scrolling shows no gap. */
const OVERSCAN = 3;

interface Layout {
  readonly width: number;
  /** From the top of the scrolling element to the top of the list. */
  readonly top: number;
  /** Of the scrolling element. */
  readonly height: number;
}

/** The nearest ancestor that scrolls. */
function scrollerOf(element: HTMLElement | null): HTMLElement | null {
  for (let at = element; at !== null; at = at.parentElement)
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  return document.documentElement;
}

/** Null until the list is in the document. */
function useLayout(ref: RefObject<HTMLUListElement | null>): Layout | null {
  const [layout, setLayout] = useState<Layout | null>(null);

  useLayoutEffect(() => {
    const list = ref.current;
    if (list === null) return;
    const scroller = scrollerOf(list);
    const measure = (): void => {
      const top = list.getBoundingClientRect().top - (scroller?.getBoundingClientRect().top ?? 0);
      setLayout({
        width: list.clientWidth,
        top: top + (scroller?.scrollTop ?? 0),
        height: scroller?.clientHeight ?? 0,
      });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(list);
    return () => observer.disconnect();
  }, [ref]);
  return layout;
}

export function VirtualGrid<T>(props: VirtualGridProps<T>) {
  const {
    items,
    keyOf,
    minColumnWidth,
    gap,
    itemHeight,
    className,
    label,
    onMove,
    hasPageKeys = false,
    children,
  } = props;
  const ref = useRef<HTMLUListElement>(null);
  const layout = useLayout(ref);
  const width = layout?.width ?? minColumnWidth;
  const columns = Math.max(Math.floor((width + gap) / (minColumnWidth + gap)), 1);
  const columnWidth = (width - gap * (columns - 1)) / columns;
  const rowHeight = itemHeight(columnWidth) + gap;
  const pageRows = hasPageKeys ? Math.max(Math.floor((layout?.height ?? 0) / rowHeight), 1) : null;
  const { current, listProps } = useRoving({ list: ref, keys: items.map(keyOf), columns, pageRows, onMove });
  const currentRow = Math.floor(current / columns);
  // First the rows in view.
  const overscan = useDeferredValue(OVERSCAN, 0);
  // React's compiler can't analyze this library's object, so nothing here is memoized over it.
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({
    count: Math.ceil(items.length / columns),
    getScrollElement: () => scrollerOf(ref.current),
    estimateSize: () => rowHeight,
    overscan,
    // The item with the focus, or the one that Tab reaches, stays in the document when it scrolls out of view.
    rangeExtractor: (range) =>
      range.count === 0 ? [] : [...new Set([...defaultRangeExtractor(range), currentRow])].sort((a, b) => a - b),
    scrollMargin: layout?.top ?? 0,
    useFlushSync: false,
  });
  // Sizes are cached, and another width invalidates them all.
  useLayoutEffect(() => rows.measure(), [rows, rowHeight]);

  return (
    <ul
      {...listProps}
      ref={ref}
      className={className}
      aria-label={label}
      style={{ position: 'relative', height: rows.getTotalSize() }}
    >
      {rows.getVirtualItems().flatMap((row) =>
        items.slice(row.index * columns, (row.index + 1) * columns).map((item, column) => {
          const index = row.index * columns + column;
          const cell: GridCell = {
            ...rovingItem(index, current),
            'aria-posinset': index + 1,
            'aria-setsize': items.length,
            style: {
              position: 'absolute',
              top: row.start - (layout?.top ?? 0),
              left: column * (columnWidth + gap),
              width: columnWidth,
              height: rowHeight - gap,
            },
          };
          return <Fragment key={keyOf(item)}>{children(item, index, cell)}</Fragment>;
        }),
      )}
    </ul>
  );
}
