/**
 * The window's copy of main's state: a projection, never the truth. Changes carry a revision that counts up by one; if
 * one is missing, the window requests a new snapshot.
 */
import { create } from 'zustand';
import type { SliceChanged, SliceName, Slices, Snapshot, SplitreelApi } from '../../shared/ipc';
import { applyChange } from '../../shared/slice-change';

interface Projection {
  readonly revision: number;
  readonly slices: Slices | null;
}

export const useProjection = create<Projection>(() => ({ revision: 0, slices: null }));

/** Whether a change is next, outdated, or comes after a missed one. */
export function judgeChange(revision: number, change: Pick<SliceChanged, 'revision'>): 'apply' | 'ignore' | 'gap' {
  if (change.revision <= revision) return 'ignore';
  return change.revision === revision + 1 ? 'apply' : 'gap';
}

/** Follows main's state until the returned function is called. */
export function connectProjection(api: Pick<SplitreelApi, 'getSnapshot' | 'onSliceChanged'>): () => void {
  let isAsking = false;
  let early: SliceChanged[] = [];
  let isStopped = false;

  const apply = (change: SliceChanged): void => {
    const { revision, slices } = useProjection.getState();
    if (slices === null) return;
    switch (judgeChange(revision, change)) {
      case 'apply': {
        const changed = applyChange(slices, change);
        if (changed === null) void ask();
        else useProjection.setState({ revision: change.revision, slices: changed });
        return;
      }
      case 'gap':
        early.push(change);
        void ask();
        return;
      case 'ignore':
    }
  };

  const adopt = (snapshot: Snapshot): void => {
    useProjection.setState(snapshot);
    // Changes pushed during the snapshot request may be newer than the snapshot.
    const waiting = early.sort((a, b) => a.revision - b.revision);
    early = [];
    waiting.forEach(apply);
  };

  const ask = async (): Promise<void> => {
    if (isAsking || isStopped) return;
    isAsking = true;
    const result = await api.getSnapshot().catch(() => null);
    isAsking = false;
    if (result?.ok === true) adopt(result.value);
    // Main answers once it is up; a window that opened earlier asks again.
    else window.setTimeout(() => void ask(), 500);
  };

  const unsubscribe = api.onSliceChanged((change) => {
    if (isAsking) early.push(change);
    else apply(change);
  });
  void ask();
  return () => {
    isStopped = true;
    unsubscribe();
  };
}

/** One slice. Only used below App, which waits for the first snapshot. */
export function useSlice<K extends SliceName>(name: K): Slices[K] {
  return useProjection((state) => {
    if (state.slices === null) throw new Error(`${name} was read before the first snapshot`);
    return state.slices[name];
  });
}
