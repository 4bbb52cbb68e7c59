import path from 'node:path';
import { appError, SplitreelError, type AppError } from '../../shared/errors';

/**
 * The file system, for services. All paths are absolute. Failures are Node's errors with their `code`; those of writing also
 * have the `target` that couldn't be written.
 */
export interface FileInfo {
  readonly kind: 'file' | 'folder' | 'other';
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface CopyFolderOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (copiedBytes: number, totalBytes: number) => void;
}

export interface Files {
  readonly readText: (path: string) => Promise<string>;
  readonly readBytes: (path: string) => Promise<Uint8Array>;
  /** At most `length` bytes from `start`; fewer where the file ends. */
  readonly readRange: (path: string, start: number, length: number) => Promise<Uint8Array>;
  /** All or nothing: writes a temporary file, flushes it and renames it. Only the owner can read new files and folders. */
  readonly writeAtomically: (path: string, content: string | Uint8Array) => Promise<void>;
  /** As with writeAtomically, only the owner can read new files and folders. */
  readonly append: (path: string, content: string) => Promise<void>;
  /** Null if nothing is there; follows links. */
  readonly stat: (path: string) => Promise<FileInfo | null>;
  /** Names inside a folder, unsorted; empty if there is no such folder. */
  readonly list: (folder: string) => Promise<readonly string[]>;
  readonly makeFolder: (folder: string) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  /** Copies next to the target and renames, so that a partial copy is never visible. */
  readonly copy: (from: string, to: string) => Promise<void>;
  /** As `copy`, but keeps the modification time and is on disk before it resolves. */
  readonly copyDurably: (from: string, to: string) => Promise<void>;
  /**
   * A folder with everything in it, links as links, times kept. Files that are there already with the same size and time
   * are skipped, so an interrupted copy resumes. Throws on an aborted signal.
   */
  readonly copyFolder: (from: string, to: string, options?: CopyFolderOptions) => Promise<void>;
  /** Removes a file, or a folder with everything in it; does nothing if it doesn't exist. */
  readonly remove: (path: string) => Promise<void>;
  readonly makeExecutable: (file: string) => Promise<void>;
  readonly realPath: (path: string) => Promise<string>;
  /** True if the folder, or its nearest existing parent, is writable. */
  readonly canWrite: (folder: string) => Promise<boolean>;
  /** Free bytes on the disk that holds the folder (or will hold it). */
  readonly freeBytes: (folder: string) => Promise<number>;
  /** Identifies the disk that holds the folder (or will hold it): equal for folders between which a rename or link works. */
  readonly deviceOf: (folder: string) => Promise<number>;
  /**
   * Reports changes in the folder, with the name of the entry. Null: the folder itself may have been moved, removed or
   * unmounted, after which this watch reports nothing more about its path. Returns a function that stops watching; null if
   * the folder can't be watched.
   */
  readonly watchFolder: (folder: string, onChange: (name: string | null) => void) => (() => void) | null;
  /** Bytes of all files inside. */
  readonly folderBytes: (folder: string) => Promise<number>;
  /** As folderBytes, but only of files that aren't linked from elsewhere: what removing the folder frees. */
  readonly ownBytes: (folder: string) => Promise<number>;
}

/** The `code` of a Node error, such as ENOENT; null for anything else. */
export function fileErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** Converts anything thrown to data. A failed write is not our fault, and the user can do something about it. */
export function toAppError(error: unknown): AppError {
  if (error instanceof SplitreelError) return error.error;
  const folder = failedFolder(error);
  const problem = folder === null ? null : writeError(error, folder);
  if (folder !== null && problem?.code === 'OUTPUT_NOT_WRITABLE') return appError('FOLDER_READ_ONLY', { folder });
  if (problem !== null && problem.code !== 'INTERNAL') return problem;
  return appError('INTERNAL', {}, { details: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

function failedFolder(error: unknown): string | null {
  if (!(error instanceof Error) || !('target' in error)) return null;
  return typeof error.target === 'string' ? path.dirname(error.target) : null;
}

/** Why a file couldn't be written to a folder, as an error to show. */
export function writeError(error: unknown, folder: string): AppError {
  if (error instanceof SplitreelError) return error.error;
  const code = fileErrorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return appError('DISK_RAN_FULL', { folder });
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOTDIR')
    return appError('OUTPUT_NOT_WRITABLE', { folder });
  return appError('INTERNAL', {}, { details: error instanceof Error ? error.message : String(error) });
}
