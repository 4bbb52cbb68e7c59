/**
 * Changes of slices that are lists of items with an id. The snapshot sends a list of thousands once; after that, only
 * changes are sent to the window.
 */
interface Item {
  readonly id: string;
}

export interface ListPatch<T extends Item> {
  /** New and changed items. */
  readonly items: readonly T[];
  /** All ids in their new order; null if the order didn't change. */
  readonly order: readonly string[] | null;
}

/** The patch that turns one list into the other. An item that is the same object is unchanged. */
export function diffList<T extends Item>(before: readonly T[], after: readonly T[]): ListPatch<T> {
  const known = new Set(before);
  const isSameOrder = before.length === after.length && before.every(({ id }, index) => after[index]?.id === id);
  return {
    items: after.filter((item) => !known.has(item)),
    order: isSameOrder ? null : after.map(({ id }) => id),
  };
}

/** Null if the patch names an item that is in neither: it was made for another list. */
export function applyListPatch<T extends Item>(before: readonly T[], { items, order }: ListPatch<T>): T[] | null {
  const byId = new Map([...before, ...items].map((item) => [item.id, item]));
  const after = (order ?? before.map(({ id }) => id)).map((id) => byId.get(id));
  return after.every((item) => item !== undefined) ? after : null;
}
