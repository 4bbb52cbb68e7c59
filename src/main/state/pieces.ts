/** Work on long lists in pieces. Between pieces, main handles other events. */
import { setImmediate } from 'node:timers/promises';

/** Jobs or marks that can be checked in about 10 ms while the checks aren't compiled yet. */
export const PIECE_ITEMS = 250;

/** Maps the list piece by piece. */
export async function mapPieces<T, R>(items: readonly T[], run: (piece: readonly T[]) => R): Promise<readonly R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += PIECE_ITEMS) {
    if (at > 0) await setImmediate();
    results.push(run(items.slice(at, at + PIECE_ITEMS)));
  }
  return results;
}
