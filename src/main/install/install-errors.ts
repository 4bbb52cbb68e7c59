/** Turns the output of an install's programs into errors. */
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import type { Reason } from '../../shared/messages';
import { fileErrorCode, type Files } from '../ports/files';
import type { RunOutcome } from '../ports/processes';
import type { Need } from './estimate';
import { isCertificateTrouble, isDiskFull, isLockTrouble, isNetworkTrouble, mainLine } from './uv-output';

const DETAILS_LENGTH = 4_000;

const installFailed: MakeError = (extra) => new SplitreelError(appError('ENVIRONMENT_INSTALL_FAILED', {}, extra));

const diskFull = (folder: string, details: string): SplitreelError =>
  new SplitreelError(appError('DISK_RAN_FULL', { folder }, { details }));

/** Why a program was ended, if it was, and the end of its output. */
export type MakeError = (extra: { readonly details: string; readonly reasons?: readonly Reason[] }) => SplitreelError;

/** The output of a program that succeeded. `folder`: where it writes. */
export function outputOrThrow(
  outcome: RunOutcome,
  { folder, program, toError = installFailed }: { folder: string; program: string; toError?: MakeError },
): string {
  if (outcome.kind === 'exited' && outcome.code === 0) return outcome.stdout;
  if (outcome.kind === 'canceled') throw new SplitreelError(appError('CANCELED'));
  const failed = (details: string, ...reasons: Reason[]): SplitreelError => toError({ details, reasons });
  if (outcome.kind === 'notFound') throw failed('', { code: 'program_missing', params: { program } });
  if (outcome.kind === 'failed') throw failed(outcome.problem);
  const output = `${outcome.stdout}\n${outcome.stderr}`.trim();
  const details = output.slice(-DETAILS_LENGTH);
  if (isDiskFull(output)) throw diskFull(folder, details);
  if (isLockTrouble(output)) throw new SplitreelError(appError('NO_FILE_LOCKS', { folder }, { details }));
  if (outcome.kind === 'timedOut') throw failed(details, { code: 'program_unfinished', params: { program } });
  if (outcome.kind === 'signaled')
    throw failed(details, { code: 'program_ended', params: { program, exit: outcome.signal } });
  throw failed(`${mainLine(output)}\n${details}`);
}

/** As above, for a program that downloads. */
export function throwUnlessFetched(outcome: RunOutcome, where: { folder: string; program: string }): void {
  const toError: MakeError = (extra) => {
    const { details } = extra;
    if (isCertificateTrouble(details)) return new SplitreelError(appError('CERTIFICATE_UNTRUSTED', {}, { details }));
    if (isNetworkTrouble(details)) return new SplitreelError(appError('NETWORK_UNREACHABLE', {}, { details }));
    return installFailed(extra);
  };
  outputOrThrow(outcome, { ...where, toError });
}

export function toInstallError(error: unknown, folder: string): AppError {
  if (error instanceof SplitreelError) return error.error;
  const details = error instanceof Error ? error.message : String(error);
  if (fileErrorCode(error) === 'ENOSPC') return diskFull(folder, details).error;
  return appError('ENVIRONMENT_INSTALL_FAILED', {}, { details });
}

/** For a full disk: how much space the install needs there and how much is free after the cleanup. */
export async function withFreeSpace(
  files: Pick<Files, 'freeBytes'>,
  error: AppError,
  needs: readonly Need[],
): Promise<AppError> {
  if (error.code !== 'DISK_RAN_FULL') return error;
  const now = await Promise.all(
    needs.map(async ({ folder, bytes }) => ({ folder, bytes, freeBytes: await files.freeBytes(folder) })),
  );
  const lack = ({ bytes, freeBytes }: Need): number => bytes - freeBytes;
  const tightest = [...now].sort((a, b) => lack(b) - lack(a))[0];
  if (tightest === undefined) return error;
  const { folder, bytes: neededBytes, freeBytes } = tightest;
  const extra = error.details === null ? {} : { details: error.details };
  // If there is enough space now, another program used it for a while, or the estimate was too low.
  if (freeBytes >= neededBytes) return appError('DISK_RAN_FULL', { folder }, extra);
  return appError('DISK_FULL', { folder, neededBytes, freeBytes }, extra);
}
