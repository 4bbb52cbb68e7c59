/** How the page follows a slice. Apart from the contract, whose schemas the page needs only after it is connected. */
import type { SliceChanged, Slices } from './ipc';
import { applyListPatch } from './slice-patch';

/** The slices after a change; null if it doesn't match them. */
export function applyChange(slices: Slices, change: SliceChanged): Slices | null {
  if (!('patch' in change)) return { ...slices, [change.slice]: change.value };
  // Each list and its patch have the same item type, which the compiler can't track through a union.
  const before: readonly { readonly id: string }[] = slices[change.slice];
  const after = applyListPatch(before, change.patch);
  return after === null ? null : { ...slices, [change.slice]: after };
}
