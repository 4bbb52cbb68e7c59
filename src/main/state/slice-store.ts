/**
 * What the window may know, as slices with one revision over all. Main owns the truth; a window's copy is a
 * projection that it can always ask for again.
 */
import type { SliceChanged, SliceName, Slices, Snapshot } from '../../shared/ipc';

export interface SliceStore {
  readonly get: <K extends SliceName>(slice: K) => Slices[K];
  readonly set: <K extends SliceName>(slice: K, value: Slices[K]) => void;
  readonly snapshot: () => Snapshot;
  /** Returns a function that stops it. */
  readonly subscribe: (listener: (change: SliceChanged) => void) => () => void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function createSliceStore(initial: Slices): SliceStore {
  const slices: Mutable<Slices> = { ...initial };
  const listeners = new Set<(change: SliceChanged) => void>();
  let revision = 0;

  const changeOf = <K extends SliceName>(slice: K, value: Slices[K]): SliceChanged =>
    // A mapped union indexed by a generic key is not narrowed by the compiler; the pair is right by construction.
    ({ revision, slice, value }) as SliceChanged;

  return {
    get: (slice) => slices[slice],
    set: (slice, value) => {
      if (slices[slice] === value) return;
      slices[slice] = value;
      revision += 1;
      const change = changeOf(slice, value);
      for (const listener of [...listeners]) listener(change);
    },
    snapshot: () => ({ revision, slices: { ...slices } }),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
