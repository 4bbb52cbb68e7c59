/** From what a program of an install has said to one sentence for the person. */
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { fileErrorCode, type Files } from '../ports/files';
import type { RunOutcome } from '../ports/processes';
import type { Need } from './estimate';
import { gigabytes } from './estimate';
import { isCertificateTrouble, isDiskFull, isLockTrouble, isNetworkTrouble, mainLine } from './uv-output';

const DETAILS_LENGTH = 4_000;

const installFailed = (problem: string, details?: string): SplitreelError =>
  new SplitreelError(appError('ENVIRONMENT_INSTALL_FAILED', { problem }, details === undefined ? {} : { details }));

/** The folder's room is put in by `withRoom`, when what was half made has gone. */
const diskFull = (folder: string, details: string): SplitreelError =>
  new SplitreelError(appError('DISK_FULL', { folder, needed: 'more', free: 'none' }, { details }));

/** Returns what it said. `folder`: where it writes. */
export function outputOrThrow(
  outcome: RunOutcome,
  folder: string,
  toError: (line: string, details: string) => SplitreelError = installFailed,
): string {
  if (outcome.kind === 'exited' && outcome.code === 0) return outcome.stdout;
  if (outcome.kind === 'cancelled') throw new SplitreelError(appError('CANCELLED'));
  if (outcome.kind === 'notFound') throw toError('a program is missing', '');
  if (outcome.kind === 'failed') throw toError(outcome.problem, '');
  const output = `${outcome.stdout}\n${outcome.stderr}`.trim();
  const details = output.slice(-DETAILS_LENGTH);
  if (isDiskFull(output)) throw diskFull(folder, details);
  if (isLockTrouble(output)) throw new SplitreelError(appError('NO_FILE_LOCKS', { folder }, { details }));
  if (outcome.kind === 'timedOut') throw toError('it did not end in time', details);
  if (outcome.kind === 'signalled') throw toError(`it was ended by ${outcome.signal}`, details);
  throw toError(mainLine(output), details);
}

/** As above, for a program that fetches. */
export function throwUnlessFetched(outcome: RunOutcome, folder: string): void {
  outputOrThrow(outcome, folder, (line, details) => {
    if (isCertificateTrouble(details)) return new SplitreelError(appError('CERTIFICATE_UNTRUSTED', {}, { details }));
    if (isNetworkTrouble(details)) return new SplitreelError(appError('NETWORK_UNREACHABLE', {}, { details }));
    return installFailed(line, details);
  });
}

export function asInstallError(error: unknown, folder: string): AppError {
  if (error instanceof SplitreelError) return error.error;
  const problem = error instanceof Error ? error.message : String(error);
  if (fileErrorCode(error) === 'ENOSPC') return diskFull(folder, problem).error;
  return appError('ENVIRONMENT_INSTALL_FAILED', { problem });
}

/** Says of a disk that ran full how much room the install takes there and how much there is, now that it is swept. */
export async function withRoom(
  files: Pick<Files, 'freeBytes'>,
  error: AppError,
  needs: readonly Need[],
): Promise<AppError> {
  if (error.code !== 'DISK_FULL') return error;
  const now = await Promise.all(
    needs.map(async ({ folder, bytes }) => ({ folder, bytes, freeBytes: await files.freeBytes(folder) })),
  );
  const lack = ({ bytes, freeBytes }: Need): number => bytes - freeBytes;
  const tightest = [...now].sort((a, b) => lack(b) - lack(a))[0];
  if (tightest === undefined) return error;
  // Where there is enough by now, somebody else has used the room for a while, or it was more than was reckoned.
  const needed =
    tightest.freeBytes < tightest.bytes ? gigabytes(tightest.bytes) : `more than ${gigabytes(tightest.freeBytes)}`;
  const params = { folder: tightest.folder, needed, free: gigabytes(tightest.freeBytes) };
  return appError('DISK_FULL', params, error.details === null ? {} : { details: error.details });
}
