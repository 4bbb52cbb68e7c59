/**
 * The state that the window sees, as slices with one revision for all. The main process owns it; the window's copy is a
 * projection that it can request again at any time. Each value is checked against the contract when it is set: an invalid
 * one is left out and reported, and the rest of the window keeps working.
 */
import {
  LIST_SLICES,
  sliceSchemas,
  type ListSliceName,
  type SliceChanged,
  type SliceName,
  type Slices,
  type Snapshot,
} from '../../shared/ipc';
import { diffList } from '../../shared/slice-patch';

export interface SliceStore {
  readonly get: <K extends SliceName>(slice: K) => Slices[K];
  readonly set: <K extends SliceName>(slice: K, value: Slices[K]) => void;
  /** Checks an item before its list is set. A list of thousands that are new would block main while it is set. */
  readonly check: <K extends ListSliceName>(slice: K, item: Slices[K][number]) => void;
  readonly snapshot: () => Snapshot;
  /** Returns a function that stops it. */
  readonly subscribe: (listener: (change: SliceChanged) => void) => () => void;
}

/** Reports a value that doesn't match the contract: its slice, and what is wrong with it. */
export type ReportInvalid = (slice: SliceName, problem: string) => void;

interface Item {
  readonly id: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const isList = (slice: SliceName): slice is ListSliceName => LIST_SLICES.some((name) => name === slice);

export function createSliceStore(initial: Slices, report: ReportInvalid): SliceStore {
  const slices: Mutable<Slices> = { ...initial };
  const listeners = new Set<(change: SliceChanged) => void>();
  const isValid = createItemCheck(report);
  let revision = 0;

  const push = (change: object): void => {
    revision += 1;
    // The compiler doesn't narrow a mapped union indexed by a generic key; the pair is correct by construction.
    const numbered = { revision, ...change } as SliceChanged;
    for (const listener of [...listeners]) listener(numbered);
  };
  const setList = (slice: ListSliceName, value: readonly Item[]): void => {
    const before: readonly Item[] = slices[slice];
    const after = value.filter((item) => isValid(slice, item));
    const patch = diffList(before, after);
    if (patch.items.length === 0 && patch.order === null) return;
    Object.assign(slices, { [slice]: after });
    push({ slice, patch });
  };
  return {
    get: (slice) => slices[slice],
    set: (slice, value) => {
      if (slices[slice] === value) return;
      if (isList(slice)) {
        setList(slice, value as readonly Item[]);
        return;
      }
      const parsed = sliceSchemas[slice].safeParse(value);
      if (!parsed.success) {
        report(slice, parsed.error.message);
        return;
      }
      slices[slice] = value;
      push({ slice, value });
    },
    check: isValid,
    snapshot: () => ({ revision, slices: { ...slices } }),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** Whether an item matches the contract. Each object is checked and reported once, however often its list is set. */
function createItemCheck(report: ReportInvalid): (slice: ListSliceName, item: Item) => boolean {
  const valid = new WeakSet();
  const invalid = new WeakSet();
  return (slice, item) => {
    if (valid.has(item)) return true;
    if (invalid.has(item)) return false;
    const parsed = sliceSchemas[slice].element.safeParse(item);
    (parsed.success ? valid : invalid).add(item);
    if (!parsed.success) report(slice, `${item.id}: ${parsed.error.message}`);
    return parsed.success;
  };
}
