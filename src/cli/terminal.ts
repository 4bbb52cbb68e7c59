/** What commands print, and how they end. */
import { fileErrorCode, toAppError } from '../main/ports/files';
import { appError, describeError, type AppError } from '../shared/errors';
import { errorExitCode } from '../shared/messages';
import { SHOW_DETAILS } from '../shared/variables';

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
/** On stderr, because stdout carries the command's result. */
export const printProgress = (text: string): void => void process.stderr.write(`${text}\n`);

const isVerbose = (): boolean => (process.env[SHOW_DETAILS] ?? '') !== '';

/**
 * Returns the exit code. An error is one line and the first line of its details, all of them with SPLITREEL_DETAILS=1,
 * whether it was expected or not.
 */
export async function reportErrors(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (thrown) {
    const error = flagError(thrown) ?? toAppError(thrown);
    const { code, details } = error;
    const { message, action } = describeError(error);
    printProgress(`${message} ${action}`);
    if (details !== null) printProgress(isVerbose() ? details : (details.split('\n')[0] ?? ''));
    return code === 'CANCELED' ? 130 : errorExitCode(code);
  }
}

/** What `parseArgs` rejects, as the same sentence that Python's commands use; null for any other error. */
function flagError(thrown: unknown): AppError | null {
  const code = fileErrorCode(thrown);
  if (code?.startsWith('ERR_PARSE_ARGS_') !== true || !(thrown instanceof Error)) return null;
  const name = /'(?:-\w, )?--([\w-]+)/.exec(thrown.message)?.[1];
  if (name === undefined || thrown.message.includes('does not take an argument'))
    return appError('FLAG_INVALID', {}, { details: thrown.message });
  const reason = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? 'flag_unknown' : 'flag_value_missing';
  return appError('FLAG_INVALID', {}, { reasons: [{ code: reason, params: { flag: `--${name}` } }] });
}
