/**
 * Whether a prompt is in a language that the text encoder was hardly trained on. Decides by script and, for Latin
 * letters, by common short words: a prompt is too short for letter statistics. Pure.
 */
const ENGLISH = new Set('a an the of on in with and to is are from over by at its as through into under'.split(' '));

/** Of German, French, Spanish, Italian, Portuguese, Dutch, Polish, Turkish and Indonesian; none is an English word. */
const OTHER = new Set(
  (
    'der das ein eine einen einem einer und auf mit ist nach von über vor im zum zur ' +
    'le la les un une des du avec dans sur est et qui vers ' +
    'el los las una con del sobre hacia que en por y ' +
    'il lo gli della dello sul nel che verso ' +
    'um uma os da do com em para pelo ' +
    'een het van op met naar de ' +
    'na się jest nad przez ' +
    'bir ve ile ' +
    'yang di dan dengan sebuah seekor'
  ).split(' '),
);

const LETTER_OF_ANOTHER_SCRIPT = /(?=\p{L})\P{Script=Latin}/u;
/** A single short foreign word may be part of a name. */
const MIN_OTHER = 2;

export function isForeign(prompt: string): boolean {
  if (LETTER_OF_ANOTHER_SCRIPT.test(prompt)) return true;
  const words = prompt.toLowerCase().split(/[^\p{L}]+/u);
  const count = (known: ReadonlySet<string>): number => words.filter((word) => known.has(word)).length;
  const other = count(OTHER);
  return other >= MIN_OTHER && other > count(ENGLISH);
}

/** The captions that the models were trained on have 50 words and more. */
const MIN_WORDS = 12;

/** Nothing typed yet is not short. */
export function isShort(prompt: string): boolean {
  const count = prompt.split(/\s+/).filter((word) => word !== '').length;
  return count > 0 && count < MIN_WORDS;
}
