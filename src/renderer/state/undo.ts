/** Drafts that something else has replaced in the form, to go back to and forward again. */
import { create } from 'zustand';
import { changeDraft, currentFromSlices, useDraft, type Draft } from './draft';

const MAX_STEPS = 50;

interface Undo {
  /** Newest last. */
  readonly past: readonly Draft[];
  /** What undo has taken out of the form, newest last. */
  readonly future: readonly Draft[];
  /** What the last replacement, undo or redo has put into the form; typing since then makes another one. */
  readonly placed: Draft | null;
}

const NOTHING: Undo = { past: [], future: [], placed: null };
export const useUndo = create<Undo>(() => NOTHING);

export const forgetUndo = (): void => useUndo.setState(NOTHING);

const current = (): Draft | null => currentFromSlices()?.draft ?? null;

/** Puts another draft into the form, which undo takes out again. */
export function placeDraft(next: Draft): void {
  const before = current();
  changeDraft(next);
  useUndo.setState(({ past }) => ({
    past: before === null ? past : [...past, before].slice(-MAX_STEPS),
    future: [],
    placed: next,
  }));
}

/** Both directions keep what the form holds, with all that was typed since. */
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

/** False once something was typed or set: inside a text field the field's own undo then comes first. */
export const isAsPlaced = (): boolean => useUndo.getState().placed === useDraft.getState().draft;
