/** Where the focus goes when the element that has it disappears: browsers leave it nowhere. */

const POPUPS = 'dialog, [role="dialog"], [role="menu"]';

/** What had the focus last on the page itself: a menu that opens a dialog is gone when that closes. */
let lastOnPage: HTMLElement | null = null;
document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement && target.closest(POPUPS) === null) lastOnPage = target;
});

export const isFocusLost = (): boolean => document.activeElement === null || document.activeElement === document.body;

/** The element to return to once something that opens now has closed. */
export function elementToReturnTo(): HTMLElement | null {
  const { activeElement } = document;
  const isStaying = activeElement instanceof HTMLElement && activeElement.closest('[role="menu"]') === null;
  return isStaying && !isFocusLost() ? activeElement : lastOnPage;
}
