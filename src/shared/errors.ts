/** An error as data: a code from the closed list, values for its words, and details for whoever wants them. */
import { z } from 'zod';
import {
  ERROR_CODES,
  REASON_CODES,
  errorAction,
  errorMessage,
  reasonText,
  type ErrorCode,
  type MessageParams,
} from './messages';

export const messageParamsSchema = z.record(z.string(), z.union([z.string(), z.number()]));

export const reasonSchema = z
  .object({ code: z.enum(REASON_CODES), params: messageParamsSchema })
  .meta({ id: 'Reason' });

export const appErrorSchema = z
  .object({
    code: z.enum(ERROR_CODES),
    params: messageParamsSchema,
    /** For REQUEST_INVALID and PLAN_INVALID: each thing that is wrong. */
    reasons: z.array(reasonSchema),
    /** A stack trace, a process's last lines: shown a click away, never as the message. */
    details: z.string().nullable(),
  })
  .meta({ id: 'AppError' });
export type AppError = z.infer<typeof appErrorSchema>;

export function appError(
  code: ErrorCode,
  params: MessageParams = {},
  extra: { readonly reasons?: AppError['reasons']; readonly details?: string } = {},
): AppError {
  return {
    code,
    params: { ...params },
    reasons: extra.reasons ?? [],
    details: extra.details ?? null,
  };
}

/** What happened, in one sentence; where reasons are given they are the sentence. */
export function describeError(error: AppError): {
  readonly message: string;
  readonly action: string;
} {
  const message =
    error.reasons.length > 0 ? error.reasons.map(reasonText).join(' ') : errorMessage(error.code, error.params);
  return { message, action: errorAction(error.code, error.params) };
}

/** Thrown inside one process; at a border it becomes its `error`. */
export class SplitreelError extends Error {
  readonly error: AppError;

  constructor(error: AppError) {
    super(describeError(error).message);
    this.name = 'SplitreelError';
    this.error = error;
  }
}
