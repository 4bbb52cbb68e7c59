/**
 * One JSON file that holds one value. What is read is parsed; what cannot be parsed is set aside under another name
 * and told, never overwritten. Writes are whole files by rename, one at a time, the newest value last.
 */
import path from 'node:path';
import type { z } from 'zod';
import { appError, type AppError } from '../../shared/errors';
import type { Clock } from '../ports/clock';
import type { Files } from '../ports/files';

export interface JsonStorePorts {
  readonly files: Files;
  readonly clock: Clock;
}

export interface JsonStore<T> {
  readonly value: () => T;
  /** Resolves when this value, or a newer one, is on disk. */
  readonly save: (value: T) => Promise<void>;
  /** STORE_CORRUPT where the file that was there had to be set aside. */
  readonly problem: AppError | null;
}

/** Shared by stores of all types, so that a caller can say how an older file becomes a new value. */
export interface JsonStoreOptions<T> {
  readonly file: string;
  readonly schema: z.ZodType<T>;
  readonly fallback: T;
  /** Older versions to the newest, before parsing. */
  readonly migrate?: (raw: unknown) => unknown;
}

export async function openJsonStore<T>(ports: JsonStorePorts, options: JsonStoreOptions<T>): Promise<JsonStore<T>> {
  const { files } = ports;
  const loaded = await load(ports, options);
  let current = loaded.value;
  let pending: Promise<void> = Promise.resolve();
  let queued: Promise<void> | null = null;

  const write = async (): Promise<void> => {
    queued = null;
    await files.writeAtomically(options.file, `${JSON.stringify(current, null, 2)}\n`);
  };
  return {
    value: () => current,
    save: (value) => {
      current = value;
      // Values that come while one is being written share the next write, which takes the newest.
      if (queued === null) {
        queued = pending.then(write);
        pending = queued.catch(() => undefined);
      }
      return queued;
    },
    problem: loaded.problem,
  };
}

async function load<T>(
  { files, clock }: JsonStorePorts,
  { file, schema, fallback, migrate = (raw) => raw }: JsonStoreOptions<T>,
): Promise<{ readonly value: T; readonly problem: AppError | null }> {
  if ((await files.stat(file)) === null) return { value: fallback, problem: null };
  const parsed = schema.safeParse(migrate(await readJson(files, file)));
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
async function readJson(files: Files, file: string): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(await files.readText(file));
    return value;
  } catch {
    return undefined;
  }
}
