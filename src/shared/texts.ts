/**
 * How values cross to the page: as JSON, long lists in pieces. Electron copies objects between the preload and the page
 * property by property, which blocks the page for seconds with thousands of videos, but passes strings on as they are.
 * In pieces, a list can be parsed with pauses in which the page answers.
 */

/** The value without its long lists, then their pieces. */
export type Texts = readonly string[];

/** Parsed in about 10 ms, for videos and jobs. */
const PIECE_ITEMS = 500;

interface Piece {
  /** Keys from the value to the list. */
  readonly path: readonly string[];
  readonly items: readonly unknown[];
}

/** Lists inside other lists stay whole. */
export function toTexts(value: unknown): Texts {
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
  return [withoutLists(value, []), ...pieces].map((part) => JSON.stringify(part));
}

export const isOneText = (texts: Texts): boolean => texts.length === 1;

/** Of a value that `isOneText`. */
export const parseText = ([text = 'null']: Texts): unknown => JSON.parse(text);

/** Waits for `pause` before each piece. */
export async function parseTexts(texts: Texts, pause: () => Promise<void>): Promise<unknown> {
  const value = parseText(texts);
  for (const text of texts.slice(1)) {
    await pause();
    const { path, items } = JSON.parse(text) as Piece;
    const list = path.reduce((part: unknown, key) => (part as Readonly<Record<string, unknown>>)[key], value);
    (list as unknown[]).push(...items);
  }
  return value;
}
