import { afterEach, beforeEach, expect, test } from 'vitest';
import { focusRegion, isFocusLost, keepFocus } from './focus';

const PAGE = `<main>
  <section id="queue"><ul><li id="row"><button id="remove">Remove</button></li></ul></section>
  <section id="other"><button id="keep">Keep</button></section>
</main>`;
const at = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(id);
  return found;
};
/** The observer is called in a microtask. */
const observed = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve));

let stop = (): void => undefined;
beforeEach(() => {
  document.body.innerHTML = PAGE;
  stop = keepFocus();
});
afterEach(() => {
  stop();
  document.body.innerHTML = '';
});

test('the region around a removed element holds its focus until it goes elsewhere', async () => {
  at('remove').focus();
  at('row').remove();
  await observed();
  expect(document.activeElement).toBe(at('queue'));
  expect(isFocusLost()).toBe(true);
  at('keep').focus();
  expect(isFocusLost()).toBe(false);
  expect(at('queue').hasAttribute('tabindex')).toBe(false);
});

test('if the region is gone too, the next one around it holds the focus', async () => {
  at('remove').focus();
  at('queue').remove();
  await observed();
  expect(document.activeElement).toBe(document.querySelector('main'));
});

test('what is removed elsewhere, or after a click on nothing, moves no focus', async () => {
  at('keep').focus();
  at('row').remove();
  await observed();
  expect(document.activeElement).toBe(at('keep'));
  document.body.dispatchEvent(new Event('pointerdown'));
  at('keep').blur();
  at('keep').remove();
  await observed();
  expect(document.activeElement).toBe(document.body);
});

test('a region that was focused from outside is as good as no focus', () => {
  focusRegion(at('other'));
  expect(document.activeElement).toBe(at('other'));
  expect(isFocusLost()).toBe(true);
});
