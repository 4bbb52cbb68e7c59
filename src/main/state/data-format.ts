/**
 * The version of the data folder's format. An app that finds a higher version than its own opens nothing there: it can't
 * know what the files mean, and each file that it saved would lose data. When you raise the version of any file in the
 * data folder, raise this one too.
 */
import { z } from 'zod';
import { appError, type AppError } from '../../shared/errors';
import { writeError, type Files } from '../ports/files';

export const DATA_FORMAT = 1;

const formatSchema = z.looseObject({ format: z.number().int() });

/** Null for a file that can't be read: the other files are checked one by one when they are opened. */
function formatIn(text: string | null): number | null {
  if (text === null) return null;
  try {
    return formatSchema.parse(JSON.parse(text)).format;
  } catch {
    return null;
  }
}

/** Why this app must not open the folder whose format file contains `text`; null if it may. */
export function refusalOfData(text: string | null, folder: string): AppError | null {
  const format = formatIn(text);
  return format !== null && format > DATA_FORMAT ? appError('DATA_TOO_NEW', { folder }) : null;
}

/** Records the format if there is no file yet, or an older one. */
export async function recordDataFormat(
  files: Pick<Files, 'readText' | 'writeAtomically'>,
  file: string,
): Promise<void> {
  const format = formatIn(await files.readText(file).catch(() => null));
  if (format === null || format < DATA_FORMAT)
    await files.writeAtomically(file, `${JSON.stringify({ format: DATA_FORMAT })}\n`);
}

/** Why the data folder can't be written to. */
export function dataFolderError(error: unknown, folder: string): AppError {
  const found = writeError(error, folder);
  return found.code === 'OUTPUT_NOT_WRITABLE' ? appError('DATA_READ_ONLY', { folder }) : found;
}
