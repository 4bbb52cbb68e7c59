/** Where a key moves to in a list or grid of items. Pure, so that the table is tested without a document. */
export interface GridShape {
  readonly count: number;
  readonly columns: number;
  /** Visible rows, by which Page Up and Page Down move. Null: these keys, Home and End have another use. */
  readonly pageRows: number | null;
}

/** The item that a key leads to from `at`; null if the key does not move. At an edge it stays on the same item. */
export function movedBy(key: string, at: number, { count, columns, pageRows }: GridShape): number | null {
  const down = (rows: number): number => {
    const next = at + rows * columns;
    if (next < count) return next;
    // The last row may be shorter: then its last item is the nearest one below.
    const lastRow = Math.floor((count - 1) / columns);
    return Math.floor(at / columns) === lastRow ? at : Math.min(lastRow * columns + (at % columns), count - 1);
  };
  const up = (rows: number): number => Math.max(at - rows * columns, at % columns);
  switch (key) {
    case 'ArrowDown':
      return down(1);
    case 'ArrowUp':
      return up(1);
    case 'ArrowLeft':
      return columns > 1 ? Math.max(at - 1, 0) : null;
    case 'ArrowRight':
      return columns > 1 ? Math.min(at + 1, count - 1) : null;
    default:
      break;
  }
  if (pageRows === null) return null;
  switch (key) {
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    case 'PageDown':
      return down(pageRows);
    case 'PageUp':
      return up(pageRows);
    default:
      return null;
  }
}
