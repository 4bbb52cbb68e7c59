/** Keyboard shortcuts of the whole window: decides which key presses are available to them. */
import { useEffect, useEffectEvent } from 'react';

export interface Shortcut {
  /** Returns the action of a key press, or null if it isn't this shortcut. */
  readonly match: (event: KeyboardEvent) => (() => void) | null;
  /** Also works while a field or control has the focus. Otherwise the control gets the keys. */
  readonly inControls?: boolean;
  /** Repeats while the key is held down. */
  readonly repeats?: boolean;
}

const CONTROLS = 'input, textarea, select, [role="radio"], [role="slider"], [role="switch"]';

/** True if the focused element itself handles this key. */
export function isForControl({ target, key }: Pick<KeyboardEvent, 'target' | 'key'>): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if ((key === ' ' || key === 'Enter') && target.closest('button, a, summary') !== null) return true;
  return target.closest(CONTROLS) !== null;
}

const isDialogOpen = (): boolean => document.querySelector('dialog[open]') !== null;

/** A menu searches its entries by the letters that are typed, and a popover has buttons and lists of its own. */
const isInPopup = ({ target }: KeyboardEvent): boolean =>
  target instanceof Element && target.closest('[role="menu"], [role="dialog"]') !== null;

export function useShortcut({ match, inControls = false, repeats = false }: Shortcut): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent): void => {
    if (event.defaultPrevented || isDialogOpen() || (event.repeat && !repeats)) return;
    if (!inControls && (isForControl(event) || isInPopup(event))) return;
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
