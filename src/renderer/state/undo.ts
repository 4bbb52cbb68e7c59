/** Drafts that were replaced in the form, for undo and redo. */
import { create } from 'zustand';
import { changeDraft, currentFromSlices, useDraft, type Draft } from './draft';

const MAX_STEPS = 50;

interface Undo {
  /** Newest last. */
  readonly past: readonly Draft[];
  /** Undone drafts, newest last. */
  readonly future: readonly Draft[];
  /** The draft that the last replacement, undo or redo put into the form; typing makes a different one. */
  readonly placed: Draft | null;
}

const NOTHING: Undo = { past: [], future: [], placed: null };
export const useUndo = create<Undo>(() => NOTHING);

export const forgetUndo = (): void => useUndo.setState(NOTHING);

const current = (): Draft | null => currentFromSlices()?.draft ?? null;

/** Replaces the form's draft in a way that can be undone. */
export function placeDraft(next: Draft): void {
  const before = current();
  changeDraft(next);
  useUndo.setState(({ past }) => ({
    past: before === null ? past : [...past, before].slice(-MAX_STEPS),
    future: [],
    placed: next,
  }));
}

/** Both directions keep the form's current contents, including edits since. */
export function undo(): void {
  const { past, future } = useUndo.getState();
  const [before, now] = [past.at(-1), current()];
  if (before === undefined || now === null) return;
  changeDraft(before);
  useUndo.setState({ past: past.slice(0, -1), future: [...future, now], placed: before });
}

export function redo(): void {
  const { past, future } = useUndo.getState();
  const [after, now] = [future.at(-1), current()];
  if (after === undefined || now === null) return;
  changeDraft(after);
  useUndo.setState({ past: [...past, now], future: future.slice(0, -1), placed: after });
}

/** False after any edit: inside a text field its own undo then comes first. */
export const isAsPlaced = (): boolean => useUndo.getState().placed === useDraft.getState().draft;
