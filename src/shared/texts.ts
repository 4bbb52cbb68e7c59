/**
 * How values are passed to the page: as JSON, long lists in pieces. Electron copies objects between the preload and the page
 * property by property, which blocks the page for seconds with thousands of videos, but passes strings unchanged.
 * Writing and parsing a list in pieces, with pauses, keeps main and the page responsive.
 */

/** The value without its long lists, then their pieces. */
export type Texts = readonly string[];

/** Videos or jobs that can be written or parsed in about 10 ms. */
const PIECE_ITEMS = 500;

interface Piece {
  /** The keys that lead from the value to the list. */
  readonly path: readonly string[];
  readonly items: readonly unknown[];
}

/** The value without its long lists, then their pieces. Lists inside other lists stay whole. */
function partsOf(value: unknown): readonly unknown[] {
  const pieces: Piece[] = [];
  const withoutLists = (part: unknown, path: readonly string[]): unknown => {
    if (Array.isArray(part)) {
      if (part.length <= PIECE_ITEMS) return part;
      for (let at = 0; at < part.length; at += PIECE_ITEMS)
        pieces.push({ path, items: part.slice(at, at + PIECE_ITEMS) as unknown[] });
      return [];
    }
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, withoutLists(inner, [...path, key])]));
  };
  return [withoutLists(value, []), ...pieces];
}

/** A value that is one text is ready immediately. Otherwise waits for `pause` before each piece. */
export function toTexts(value: unknown, pause: () => Promise<void>): Texts | Promise<Texts> {
  const [first, ...pieces] = partsOf(value);
  const texts = [JSON.stringify(first)];
  if (pieces.length === 0) return texts;
  const addPieces = async (): Promise<Texts> => {
    for (const piece of pieces) {
      await pause();
      texts.push(JSON.stringify(piece));
    }
    return texts;
  };
  return addPieces();
}

/** The counterpart of `toTexts`: one text is parsed immediately. */
export function parseTexts([text = 'null', ...pieces]: Texts, pause: () => Promise<void>): unknown {
  const value: unknown = JSON.parse(text);
  if (pieces.length === 0) return value;
  const addPieces = async (): Promise<unknown> => {
    for (const each of pieces) {
      await pause();
      const { path, items } = JSON.parse(each) as Piece;
      const list = path.reduce((part: unknown, key) => (part as Readonly<Record<string, unknown>>)[key], value);
      (list as unknown[]).push(...items);
    }
    return value;
  };
  return addPieces();
}
