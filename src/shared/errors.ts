/** An error as data: a code from the closed list, values for its sentence, and details shown on demand. */
import { formatSentences } from './format';
import { z } from 'zod';
import {
  ERROR_CODES,
  EXPLANATION_CODES,
  REASON_CODES,
  errorAction,
  errorMessage,
  explanationText,
  reasonText,
  type ErrorCode,
  type Explanation,
  type Reason,
} from './messages';
import { inLanguage } from './language';
import type { ErrorParams } from './message-params';

export const messageParamsSchema = z.record(z.string(), z.union([z.string(), z.number()]));

export const reasonSchema = z
  .object({ code: z.enum(REASON_CODES), params: messageParamsSchema })
  .meta({ id: 'Reason' });

export const explanationSchema = z
  .object({ code: z.enum(EXPLANATION_CODES), params: messageParamsSchema })
  .meta({ id: 'Explanation' });

export const appErrorSchema = z
  .object({
    code: z.enum(ERROR_CODES),
    params: messageParamsSchema,
    /** The causes, one sentence each, if the code covers several. Shown instead of its message. */
    reasons: z.array(reasonSchema),
    /** Advice for this specific case. Shown instead of the code's action. */
    advice: explanationSchema.nullable().default(null),
    /**
     * A stack trace, a process's last lines: shown on demand, never as the message. The first line is the most
     * informative.
     */
    details: z.string().nullable(),
  })
  .meta({ id: 'AppError' });
export type AppError = z.infer<typeof appErrorSchema>;

interface Extra {
  readonly reasons?: readonly Reason[];
  readonly advice?: Explanation;
  readonly details?: string;
}

type Arguments<C extends ErrorCode> =
  ErrorParams[C] extends Readonly<Record<string, never>>
    ? [params?: ErrorParams[C], extra?: Extra]
    : [params: ErrorParams[C], extra?: Extra];

export function appError<C extends ErrorCode>(code: C, ...[params, extra = {}]: Arguments<C>): AppError {
  return {
    code,
    params: { ...params },
    reasons: (extra.reasons ?? []).map((reason) => ({ ...reason })),
    advice: extra.advice ?? null,
    details: extra.details ?? null,
  };
}

/** What happened and what to do, in one sentence each. */
export function describeError(error: AppError): {
  readonly message: string;
  readonly action: string;
} {
  const message =
    error.reasons.length > 0 ? formatSentences(error.reasons.map(reasonText)) : errorMessage(error.code, error.params);
  return { message, action: error.advice === null ? errorAction(error.code) : explanationText(error.advice) };
}

/** Thrown within a process; across processes it is sent as its `error`. */
export class SplitreelError extends Error {
  readonly error: AppError;

  constructor(error: AppError) {
    super(inLanguage('en', () => describeError(error).message));
    this.name = 'SplitreelError';
    this.error = error;
  }
}
