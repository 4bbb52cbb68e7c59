/**
 * The words for error codes, reasons and explanations. One table, resources/messages.en.json, serves this side
 * and the Python package, so that a window and a terminal say the same sentence.
 */
import messages from '../../resources/messages.en.json';

export type ErrorCode = keyof (typeof messages)['errors'];
export type ReasonCode = keyof (typeof messages)['reasons'];
export type NoticeCode = keyof (typeof messages)['notices'];
export type ExplanationCode = keyof (typeof messages)['explanations'];

/** Values for a message's {placeholders}. */
export type MessageParams = Readonly<Record<string, string | number>>;

export interface Reason {
  readonly code: ReasonCode;
  readonly params: MessageParams;
}

export interface Explanation {
  readonly code: ExplanationCode;
  readonly params: MessageParams;
}

export const ERROR_CODES = Object.keys(messages.errors) as ErrorCode[];
export const REASON_CODES = Object.keys(messages.reasons) as ReasonCode[];

/** Fills {name} placeholders; an unknown name stays visible so that a test finds it. */
export function fillMessage(template: string, params: MessageParams): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : String(value);
  });
}

export const reasonText = (reason: Reason): string => fillMessage(messages.reasons[reason.code], reason.params);
export const explanationText = (e: Explanation): string => fillMessage(messages.explanations[e.code], e.params);
export const noticeText = (code: NoticeCode, params: MessageParams): string =>
  fillMessage(messages.notices[code], params);
export const errorMessage = (code: ErrorCode, params: MessageParams): string =>
  fillMessage(messages.errors[code].message, params);
export const errorAction = (code: ErrorCode, params: MessageParams): string =>
  fillMessage(messages.errors[code].action, params);
export const errorExitCode = (code: ErrorCode): number => messages.errors[code].exitCode;
