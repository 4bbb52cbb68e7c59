import { appError, SplitreelError, type AppError } from '../../shared/errors';

/** The file system, as services see it. All paths are absolute. Failures are Node's errors with their `code`. */
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
  /** All or nothing: written beside, flushed to disk, renamed over. Files and new folders are the owner's alone. */
  readonly writeAtomically: (path: string, content: string | Uint8Array) => Promise<void>;
  /** As for writeAtomically, new files and folders are the owner's alone. */
  readonly append: (path: string, content: string) => Promise<void>;
  /** Null where there is nothing; follows links. */
  readonly stat: (path: string) => Promise<FileInfo | null>;
  /** Names inside a folder, unsorted; empty where there is no such folder. */
  readonly list: (folder: string) => Promise<readonly string[]>;
  readonly makeFolder: (folder: string) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  /** Copies beside the target and renames, so that a half copy is never seen. */
  readonly copy: (from: string, to: string) => Promise<void>;
  /** As `copy`, on disk before it resolves, with the time of the original. */
  readonly copyDurably: (from: string, to: string) => Promise<void>;
  /**
   * A folder with all inside it, links as links, times kept. What is there already with the same size and time stays:
   * an interrupted copy is resumed. Throws on an aborted signal.
   */
  readonly copyFolder: (from: string, to: string, options?: CopyFolderOptions) => Promise<void>;
  /** Removes a file or a folder with all inside it; nothing happens where there is nothing. */
  readonly remove: (path: string) => Promise<void>;
  readonly makeExecutable: (file: string) => Promise<void>;
  readonly realPath: (path: string) => Promise<string>;
  /** True where the folder, or the nearest folder above it that exists, can be written to. */
  readonly canWrite: (folder: string) => Promise<boolean>;
  /** Free bytes on the disk that holds the folder (or will hold it). */
  readonly freeBytes: (folder: string) => Promise<number>;
  /** Names the disk that holds the folder (or will hold it): equal for folders between which a rename or link works. */
  readonly deviceOf: (folder: string) => Promise<number>;
  /** Calls back with the name of what changes in the folder itself, where the system gives one. Returns what stops it; null where it cannot be watched. */
  readonly watchFolder: (folder: string, onChange: (name: string | null) => void) => (() => void) | null;
  /** Bytes of all files inside. */
  readonly folderBytes: (folder: string) => Promise<number>;
  /** As folderBytes, of files that have no other name elsewhere: what removing the folder frees. */
  readonly ownBytes: (folder: string) => Promise<number>;
}

/** The `code` of a Node error, such as ENOENT; null for anything else. */
export function fileErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** Why a file could not be written into a folder, as an error for people. */
export function writeError(error: unknown, folder: string): AppError {
  if (error instanceof SplitreelError) return error.error;
  const code = fileErrorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return appError('DISK_RAN_FULL', { folder });
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOTDIR')
    return appError('OUTPUT_NOT_WRITABLE', { folder });
  return appError('INTERNAL', {}, { details: error instanceof Error ? error.message : String(error) });
}
