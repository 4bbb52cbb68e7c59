/**
 * Changes of slices that are lists of items with an id. A list of thousands is sent whole once, in the snapshot; after
 * that only what changed crosses to the window.
 */
interface Item {
  readonly id: string;
}

export interface ListPatch<T extends Item> {
  /** New and changed items. */
  readonly items: readonly T[];
  /** All ids in their new order; null where only items changed, in their places. */
  readonly order: readonly string[] | null;
}

/** What turns one list into the other. An item that is the same object is unchanged. */
export function diffList<T extends Item>(before: readonly T[], after: readonly T[]): ListPatch<T> {
  const known = new Set(before);
  const isSameOrder = before.length === after.length && before.every(({ id }, index) => after[index]?.id === id);
  return {
    items: after.filter((item) => !known.has(item)),
    order: isSameOrder ? null : after.map(({ id }) => id),
  };
}

/** Null where the patch names an item that is in neither: the list is not the one it was made for. */
export function applyListPatch<T extends Item>(before: readonly T[], { items, order }: ListPatch<T>): T[] | null {
  const byId = new Map([...before, ...items].map((item) => [item.id, item]));
  const after = (order ?? before.map(({ id }) => id)).map((id) => byId.get(id));
  return after.every((item) => item !== undefined) ? after : null;
}
