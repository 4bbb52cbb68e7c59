/** Where the focus goes when the element that has it disappears: browsers leave it nowhere. */

const POPUPS = 'dialog, [role="dialog"], [role="menu"]';
const REGIONS = 'section, aside, main, dialog, [role="dialog"]';

/** What had the focus last on the page itself: a menu that opens a dialog is gone when that closes. */
let lastOnPage: HTMLElement | null = null;
/** The regions around what had the focus last, innermost first: once removed, an element no longer knows them. */
let lastRegions: readonly HTMLElement[] = [];
let lastFocused: Node | null = null;
/** The region that took the focus of a removed element. */
let holder: HTMLElement | null = null;

function regionsAround(element: HTMLElement): readonly HTMLElement[] {
  const region = element.parentElement?.closest<HTMLElement>(REGIONS) ?? null;
  return region === null ? [] : [region, ...regionsAround(region)];
}

document.addEventListener('focusin', ({ target }) => {
  if (!(target instanceof HTMLElement) || target === holder) return;
  if (target.closest(POPUPS) === null) lastOnPage = target;
  [lastFocused, lastRegions, holder] = [target, regionsAround(target), null];
});
// A click on nothing in particular gives the focus up.
document.addEventListener(
  'pointerdown',
  () => {
    lastFocused = null;
  },
  true,
);

/** Also true where only a region holds the focus: whoever knows a better place may take it. */
export const isFocusLost = (): boolean =>
  document.activeElement === null ||
  document.activeElement === document.body ||
  (holder !== null && document.activeElement === holder);

/** Focuses a part of the page that isn't a control, until the focus goes elsewhere. */
export function focusRegion(region: HTMLElement): void {
  region.tabIndex = -1;
  region.dataset.holdsFocus = '';
  const release = (): void => {
    region.removeAttribute('tabindex');
    delete region.dataset.holdsFocus;
  };
  region.addEventListener('blur', release, { once: true });
  holder = region;
  region.focus({ preventScroll: true });
}

/** The nearest remaining region takes the focus of a removed element, so that Tab continues from there. */
function holdFocus(): void {
  if (lastFocused === null || lastFocused.isConnected || !isFocusLost()) return;
  lastFocused = null;
  const region = lastRegions.find(({ isConnected }) => isConnected);
  if (region !== undefined) focusRegion(region);
}

/** Returns a function that stops it. */
export function keepFocus(): () => void {
  const observer = new MutationObserver(holdFocus);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => observer.disconnect();
}

/** The element to return to once something that opens now has closed. */
export function elementToReturnTo(): HTMLElement | null {
  const { activeElement } = document;
  const isStaying = activeElement instanceof HTMLElement && activeElement.closest('[role="menu"]') === null;
  return isStaying && !isFocusLost() ? activeElement : lastOnPage;
}
