/** Texts in ICU MessageFormat whose values are typed by the text itself. */
import { IntlMessageFormat } from 'intl-messageformat';
import type { Language } from './language';

type Trim<S extends string> = S extends ` ${infer Rest}` ? Trim<Rest> : S extends `${infer Rest} ` ? Trim<Rest> : S;

interface FormatTypes {
  readonly number: number;
  readonly plural: number;
  readonly selectordinal: number;
  readonly select: string;
}
type FormatType<Format extends string> =
  Trim<Format> extends keyof FormatTypes ? FormatTypes[Trim<Format>] : 'unknown format';

/** `count, plural, ...` up to the first closing brace: the name of the value and what it may be. */
type Argument<S extends string> = S extends `${infer Name},${infer Format},${string}`
  ? [Trim<Name>, FormatType<Format>]
  : S extends `${infer Name},${infer Format}`
    ? [Trim<Name>, FormatType<Format>]
    : [Trim<S>, string | number];

/**
 * Text and arguments alternate with every brace, whichever way it points: `{` leads from text into an argument and from
 * there into the text of a branch, `}` leads back.
 */
type Arguments<
  S extends string,
  Inside extends 'text' | 'argument',
  Found = never,
> = S extends `${infer Before}{${infer After}`
  ? Before extends `${infer Head}}${string}`
    ? S extends `${Head}}${infer Rest}`
      ? Arguments<Rest, Inside extends 'text' ? 'argument' : 'text', Found>
      : never
    : Inside extends 'text'
      ? Arguments<After, 'argument', Found | (After extends `${infer Inner}}${string}` ? Argument<Inner> : never)>
      : Arguments<After, 'text', Found>
  : Found;

type ValuesOf<Pairs extends [string, unknown]> = { readonly [Pair in Pairs as Pair[0]]: Pair[1] };

/** What the message needs: `{used} of {total, number}` takes `{ used: string | number, total: number }`. */
export type MessageValues<Text extends string> = ValuesOf<Arguments<Text, 'text'>>;

export interface Message<Values> {
  (values: Values): string;
  readonly text: string;
}

type WriteMessage = <const Text extends string>(text: Text) => Message<MessageValues<Text>>;

/**
 * Makes the messages of one language. `{name}` takes text, or a number without separators (seeds, sizes in pixels);
 * `{name, number}`, plurals and `#` write a number as the language does. A message is parsed when it is first used.
 */
export const messagesIn = (language: Language): WriteMessage => {
  return <Text extends string>(text: Text) => {
    let format: IntlMessageFormat | undefined;
    const fill = (values: Readonly<Record<string, string | number>>): string => {
      format ??= new IntlMessageFormat(text, language, undefined, { ignoreTag: true });
      return String(format.format(values));
    };
    return Object.assign(fill, { text });
  };
};

/** The same texts in another language: the same keys, and messages that need no other values. */
export type Translation<Copy> = Copy extends string
  ? string
  : Copy extends Message<infer Values>
    ? Message<Values>
    : { readonly [Key in keyof Copy]: Translation<Copy[Key]> };
