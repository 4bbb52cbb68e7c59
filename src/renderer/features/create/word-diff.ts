/** Which words of a text another one keeps, drops and adds. Pure. */
export interface DiffPart {
  readonly kind: 'kept' | 'dropped' | 'added';
  readonly text: string;
}

/** The table has a cell for each pair of words. */
const MAX_CELLS = 1_000_000;
/** With fewer words in common, crossing the others out shows nothing but noise. */
const MIN_KEPT = 0.3;

const wordsOf = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

/** Capitals and punctuation make no other word. */
const keyOf = (word: string): string => word.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '') || word;

/** Neighbors of a kind are one part; the new text alone where the two have too little in common. */
export function wordDiff(before: string, after: string): readonly DiffPart[] {
  const [from, to] = [wordsOf(before), wordsOf(after)];
  const whole: readonly DiffPart[] = [{ kind: 'added', text: to.join(' ') }];
  if (from.length === 0 || from.length * to.length > MAX_CELLS) return whole;
  const pairs = keptPairs(from.map(keyOf), to.map(keyOf));
  if (pairs.length < MIN_KEPT * from.length) return whole;
  const parts: { kind: DiffPart['kind']; words: string[] }[] = [];
  const add = (kind: DiffPart['kind'], words: readonly string[]): void => {
    if (words.length === 0) return;
    const last = parts.at(-1);
    if (last?.kind === kind) last.words.push(...words);
    else parts.push({ kind, words: [...words] });
  };
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of [...pairs, [from.length, to.length] as const]) {
    add('dropped', from.slice(i, nextI));
    add('added', to.slice(j, nextJ));
    add('kept', to.slice(nextJ, nextJ + 1));
    [i, j] = [nextI + 1, nextJ + 1];
  }
  return parts.map(({ kind, words }) => ({ kind, text: words.join(' ') }));
}

/** The longest common subsequence, as pairs of indexes. */
function keptPairs(from: readonly string[], to: readonly string[]): readonly (readonly [number, number])[] {
  const width = to.length + 1;
  /** Of the rest of both texts from here. */
  const lengths = new Uint16Array((from.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = from.length - 1; i >= 0; i -= 1)
    for (let j = to.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = from[i] === to[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: (readonly [number, number])[] = [];
  let [i, j] = [0, 0];
  while (i < from.length && j < to.length) {
    if (from[i] === to[j]) {
      pairs.push([i, j]);
      [i, j] = [i + 1, j + 1];
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}
