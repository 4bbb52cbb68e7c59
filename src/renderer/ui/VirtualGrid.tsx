/** Lists of any length: only visible items are in the document. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { Fragment, useLayoutEffect, useRef, useState, type CSSProperties, type ReactNode } from 'react';

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
  /** `place` positions the item; it goes on the item's own `li`. */
  readonly children: (item: T, index: number, place: CSSProperties) => ReactNode;
}

/** Extra rows beyond the edge, so that fast scrolling shows no gap. */
const OVERSCAN = 3;

interface Layout {
  readonly width: number;
  /** From the top of the scrolling element to the top of the list. */
  readonly top: number;
}

/** The nearest ancestor that scrolls. */
function scrollerOf(element: HTMLElement | null): HTMLElement | null {
  for (let at = element; at !== null; at = at.parentElement)
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  return document.documentElement;
}

export function VirtualGrid<T>(props: VirtualGridProps<T>) {
  const { items, keyOf, minColumnWidth, gap, itemHeight, className, label, children } = props;
  const ref = useRef<HTMLUListElement>(null);
  const [layout, setLayout] = useState<Layout | null>(null);

  useLayoutEffect(() => {
    const list = ref.current;
    if (list === null) return;
    const scroller = scrollerOf(list);
    const measure = (): void => {
      const top = list.getBoundingClientRect().top - (scroller?.getBoundingClientRect().top ?? 0);
      setLayout({ width: list.clientWidth, top: top + (scroller?.scrollTop ?? 0) });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(list);
    return () => observer.disconnect();
  }, []);

  const width = layout?.width ?? minColumnWidth;
  const columns = Math.max(Math.floor((width + gap) / (minColumnWidth + gap)), 1);
  const columnWidth = (width - gap * (columns - 1)) / columns;
  const rowHeight = itemHeight(columnWidth) + gap;
  // React's compiler can't analyze this library's object, so nothing here is memoized over it.
  // eslint-disable-next-line react-hooks/incompatible-library
  const rows = useVirtualizer({
    count: Math.ceil(items.length / columns),
    getScrollElement: () => scrollerOf(ref.current),
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    scrollMargin: layout?.top ?? 0,
    useFlushSync: false,
  });
  // Sizes are cached, and another width invalidates them all.
  useLayoutEffect(() => rows.measure(), [rows, rowHeight]);

  return (
    <ul
      ref={ref}
      className={className}
      aria-label={label}
      style={{ position: 'relative', height: rows.getTotalSize() }}
    >
      {rows.getVirtualItems().flatMap((row) =>
        items.slice(row.index * columns, (row.index + 1) * columns).map((item, column) => (
          <Fragment key={keyOf(item)}>
            {children(item, row.index * columns + column, {
              position: 'absolute',
              top: row.start - (layout?.top ?? 0),
              left: column * (columnWidth + gap),
              width: columnWidth,
              height: rowHeight - gap,
            })}
          </Fragment>
        )),
      )}
    </ul>
  );
}
