/**
 * One JSON file that holds one value. What is read is parsed; a file that cannot be parsed is set aside under another
 * name and reported, never overwritten. Writes are whole files by rename, one at a time, the newest value last.
 */
import path from 'node:path';
import type { z } from 'zod';
import { appError, type AppError } from '../../shared/errors';
import type { Clock } from '../ports/clock';
import { writeError, type Files } from '../ports/files';

/** A full disk has room again when a user makes some. */
const RETRY_MS = 5_000;

/** For files that are only read. */
export interface JsonReadPorts {
  readonly files: Files;
  readonly clock: Pick<Clock, 'wallMs'>;
}

export interface JsonStorePorts {
  readonly files: Files;
  readonly clock: Clock;
}

export interface JsonStore<T> {
  readonly value: () => T;
  /**
   * Resolves when this value, or a newer one, is on disk. Where it cannot be written it rejects, and the newest value
   * is written as soon as the disk takes it.
   */
  readonly save: (value: T) => Promise<void>;
  /** STORE_CORRUPT where the file that was there had to be set aside. */
  readonly problem: AppError | null;
}

export interface JsonFileOptions<T> {
  readonly file: string;
  readonly schema: z.ZodType<T>;
  readonly fallback: T;
  /** Older versions to the newest, before parsing. */
  readonly migrate?: (raw: unknown) => unknown;
}

export interface JsonStoreOptions<T> extends JsonFileOptions<T> {
  /** True: one line, for files that are long and not edited by hand. */
  readonly isCompact?: boolean;
  /** Called when a write fails after one that worked. */
  readonly onUnsaved?: (error: AppError) => void;
}

export async function openJsonStore<T>(ports: JsonStorePorts, options: JsonStoreOptions<T>): Promise<JsonStore<T>> {
  const { files, clock } = ports;
  const { file, isCompact = false, onUnsaved } = options;
  const loaded = await readJsonFile(ports, options);
  let current = loaded.value;
  let pending: Promise<void> = Promise.resolve();
  let queued: Promise<void> | null = null;
  let cancelRetry: (() => void) | null = null;

  const write = async (): Promise<void> => {
    queued = null;
    cancelRetry?.();
    const wasSaved = cancelRetry === null;
    try {
      await files.writeAtomically(file, `${JSON.stringify(current, null, isCompact ? 0 : 2)}\n`);
      cancelRetry = null;
    } catch (error) {
      cancelRetry = clock.after(RETRY_MS, () => void enqueue().catch(() => undefined));
      if (wasSaved) onUnsaved?.(writeError(error, path.dirname(file)));
      throw error;
    }
  };
  /** Values that come while one is being written share the next write, which takes the newest. */
  const enqueue = (): Promise<void> => {
    if (queued === null) {
      queued = pending.then(write);
      pending = queued.catch(() => undefined);
    }
    return queued;
  };
  return {
    value: () => current,
    save: (value) => {
      current = value;
      return enqueue();
    },
    problem: loaded.problem,
  };
}

/** For files that are read once; `fallback` where there is none, and where what is there had to be set aside. */
export async function readJsonFile<T>(
  { files, clock }: JsonReadPorts,
  { file, schema, fallback, migrate = (raw) => raw }: JsonFileOptions<T>,
): Promise<{ readonly value: T; readonly problem: AppError | null }> {
  if ((await files.stat(file)) === null) return { value: fallback, problem: null };
  const parsed = schema.safeParse(migrate(await parseFile(files, file)));
  if (parsed.success) return { value: parsed.data, problem: null };
  const backup = `${file}.damaged-${String(clock.wallMs())}`;
  await files.rename(file, backup);
  return {
    value: fallback,
    problem: appError(
      'STORE_CORRUPT',
      { file: path.basename(file), backup: path.basename(backup) },
      { details: parsed.error.message },
    ),
  };
}

/** Undefined, which no schema of ours takes, where the file is not JSON. */
async function parseFile(files: Files, file: string): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(await files.readText(file));
    return value;
  } catch {
    return undefined;
  }
}
