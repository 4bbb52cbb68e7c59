/** Keyboard shortcuts of the whole window: one set of rules for which key presses are free to be used. */
import { useEffect, useEffectEvent } from 'react';

export interface Shortcut {
  /** Returns what the key press does, or null if it is not this shortcut. */
  readonly match: (event: KeyboardEvent) => (() => void) | null;
  /** Works while a field or control has the focus. Without it, keys belong to the control. */
  readonly inControls?: boolean;
  /** A key that is held down runs it again and again. */
  readonly repeats?: boolean;
}

const CONTROLS = 'input, textarea, select, [role="radio"], [role="slider"], [role="switch"]';

/** True if a key press means something to the focused element itself. */
export function isForControl({ target, key }: Pick<KeyboardEvent, 'target' | 'key'>): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if ((key === ' ' || key === 'Enter') && target.closest('button, a, summary') !== null) return true;
  return target.closest(CONTROLS) !== null;
}

const isDialogOpen = (): boolean => document.querySelector('dialog[open]') !== null;

export function useShortcut({ match, inControls = false, repeats = false }: Shortcut): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent): void => {
    if (event.defaultPrevented || isDialogOpen() || (event.repeat && !repeats)) return;
    if (!inControls && isForControl(event)) return;
    const run = match(event);
    if (run === null) return;
    // Otherwise the same press would also act on what it opens: Esc would close the dialog that it has just opened.
    event.preventDefault();
    run();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKeyDown(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}
