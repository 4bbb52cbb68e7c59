/** Which videos of the library are selected. The rules are those of file managers; the functions are pure. */
import { create } from 'zustand';

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Where a range begins: the last video that was selected alone. */
  readonly anchor: string | null;
}

export const NOTHING_SELECTED: Selection = { ids: new Set(), anchor: null };

export function toggled({ ids }: Selection, id: string): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id };
}

/** From the anchor to this video in page order, in addition to the earlier selection. */
export function extended(selection: Selection, id: string, order: readonly string[]): Selection {
  const from = selection.anchor === null ? -1 : order.indexOf(selection.anchor);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) return toggled(selection, id);
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...selection.ids, ...range]), anchor: selection.anchor };
}

/** As the focus moves with Shift held: the range from the anchor ends at the new item, and may become shorter. */
export function moved(selection: Selection, from: string, to: string, order: readonly string[]): Selection {
  const anchor = selection.anchor !== null && order.includes(selection.anchor) ? selection.anchor : from;
  const range = (end: string): readonly string[] => {
    const ends = [order.indexOf(anchor), order.indexOf(end)];
    return order.slice(Math.min(...ends), Math.max(...ends) + 1);
  };
  const left = new Set(range(from));
  return { ids: new Set([...[...selection.ids].filter((id) => !left.has(id)), ...range(to)]), anchor };
}

export const useSelection = create<Selection>(() => NOTHING_SELECTED);
export const clearSelection = (): void => useSelection.setState(NOTHING_SELECTED);
export const selectAll = (ids: readonly string[]): void => useSelection.setState({ ids: new Set(ids) });
export const toggleSelected = (id: string): void => useSelection.setState((before) => toggled(before, id));
export const moveSelection = (from: string, to: string, order: readonly string[]): void =>
  useSelection.setState((before) => moved(before, from, to, order));
export const extendSelection = (id: string, order: readonly string[]): void =>
  useSelection.setState((before) => extended(before, id, order));
