/** What commands print, and how they end. */
import { describeError, SplitreelError } from '../shared/errors';
import { errorExitCode } from '../shared/messages';
import { SHOW_DETAILS } from '../shared/variables';

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
/** On stderr, because stdout carries the command's result. */
export const printProgress = (text: string): void => void process.stderr.write(`${text}\n`);

const isVerbose = (): boolean => (process.env[SHOW_DETAILS] ?? '') !== '';

/** Prints an expected error and the first line of its details, all of them with SPLITREEL_DETAILS=1. */
export async function reportErrors(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof SplitreelError)) throw error;
    const { code, details } = error.error;
    const { message, action } = describeError(error.error);
    printProgress(`${message} ${action}`);
    if (details !== null) printProgress(isVerbose() ? details : (details.split('\n')[0] ?? ''));
    return code === 'CANCELED' ? 130 : errorExitCode(code);
  }
}
