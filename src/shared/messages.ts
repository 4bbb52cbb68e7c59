/**
 * The sentences for errors, reasons, explanations and findings. TypeScript and Python share one table,
 * resources/messages.en.json, so that the window and a terminal show the same sentence. The window also has them in other
 * languages.
 */
import messages from '../../resources/messages.en.json';
import chinese from '../../resources/messages.zh-CN.json';
import { currentLanguage, type Language } from './language';
import { formatValue } from './message-kinds';
import type { ErrorParams, ExplanationParams, FindingParams, NoticeParams, ReasonParams } from './message-params';

export type ErrorCode = keyof (typeof messages)['errors'];
export type ReasonCode = keyof (typeof messages)['reasons'];
export type NoticeCode = keyof (typeof messages)['notices'];
export type ExplanationCode = keyof (typeof messages)['explanations'];
export type FindingCode = keyof (typeof messages)['findings'];

/** Values for a message's placeholders, as sent between processes: the code determines their names. */
export type MessageParams = Readonly<Record<string, string | number>>;

interface Sentence<Code extends string> {
  readonly code: Code;
  readonly params: MessageParams;
}

/** A code with exactly the values that its sentence needs. */
type Typed<Params> = { [C in keyof Params]: { readonly code: C; readonly params: Params[C] } }[keyof Params];
export type Reason = Typed<ReasonParams>;
export type Explanation = Typed<ExplanationParams>;

const keysOf = <T extends object>(table: T): (keyof T)[] => Object.keys(table) as (keyof T)[];
export const ERROR_CODES = keysOf(messages.errors);
export const REASON_CODES = keysOf(messages.reasons);
export const EXPLANATION_CODES = keysOf(messages.explanations);
export const FINDING_CODES = keysOf(messages.findings);

interface Described {
  readonly message: string;
  readonly action: string;
}
interface Sentences {
  readonly errors: Readonly<Record<ErrorCode, Described>>;
  readonly reasons: Readonly<Record<ReasonCode, string>>;
  readonly notices: Readonly<Record<NoticeCode, string>>;
  readonly explanations: Readonly<Record<ExplanationCode, string>>;
  readonly findings: Readonly<Record<FindingCode, Described>>;
}
const SENTENCES: Readonly<Record<Language, Sentences>> = { en: messages, 'zh-CN': chinese };
const sentences = (): Sentences => SENTENCES[currentLanguage()];

/** Fills `{name:kind}` placeholders; one without a value stays visible so that a test finds it. */
export function fillMessage(template: string, params: MessageParams): string {
  return template.replace(/\{(\w+):(\w+)\}/g, (whole, name: string, kind: string) => {
    const value = params[name];
    return value === undefined ? whole : formatValue(kind, value);
  });
}

export const reasonText = (reason: Sentence<ReasonCode>): string =>
  fillMessage(sentences().reasons[reason.code], reason.params);
export const explanationText = (explanation: Sentence<ExplanationCode>): string =>
  fillMessage(sentences().explanations[explanation.code], explanation.params);
export const noticeText = <C extends NoticeCode>(code: C, params: NoticeParams[C]): string =>
  fillMessage(sentences().notices[code], params);
export const errorMessage = <C extends ErrorCode>(code: C, params: MessageParams | ErrorParams[C]): string =>
  fillMessage(sentences().errors[code].message, params);
export const errorAction = (code: ErrorCode): string => sentences().errors[code].action;
export const findingText = <C extends FindingCode>(code: C, params: MessageParams | FindingParams[C]): string =>
  fillMessage(sentences().findings[code].message, params);
export const findingAction = (code: FindingCode): string => sentences().findings[code].action;
export const errorExitCode = (code: ErrorCode): number => messages.errors[code].exitCode;
