/**
 * One JSON file that holds one value. The file is parsed by a schema; one that can't be parsed is renamed and reported,
 * never overwritten. Each write replaces the whole file by rename; writes run one at a time, the newest value last.
 */
import path from 'node:path';
import { z } from 'zod';
import { appError, type AppError } from '../../shared/errors';
import { err, ok, type Result } from '../../shared/result';
import type { Clock } from '../ports/clock';
import { writeError, type Files } from '../ports/files';
import { mapPieces } from './pieces';

/** A full disk has space again only after the user frees some, so there is no hurry. */
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
   * Resolves when this value, or a newer one, is on disk. If it can't be written, it rejects, and the newest value is
   * written as soon as the disk allows it.
   */
  readonly save: (value: T) => Promise<void>;
  /** STORE_CORRUPT if an existing file had to be set aside. */
  readonly problem: AppError | null;
}

export interface JsonFileOptions<T> {
  readonly file: string;
  readonly schema: z.ZodType<T>;
  readonly fallback: T;
  /** Converts older versions to the newest, before parsing. */
  readonly migrate?: (raw: unknown) => unknown;
  /** A list or record with thousands of items, which is checked in pieces: all at once would block main. */
  readonly long?: { readonly key: keyof T & string; readonly item: z.ZodType };
}

export interface JsonStoreOptions<T> extends JsonFileOptions<T> {
  /** True: on one line, for long files that no one edits. */
  readonly isCompact?: boolean;
  /** Called when a write fails after one that succeeded. */
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
  /** Values that arrive during a write share the next one, which writes the newest. */
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

/** For files that are read once; `fallback` if there is no file, or if it had to be set aside. */
export async function readJsonFile<T>(
  { files, clock }: JsonReadPorts,
  { file, fallback, migrate = (raw) => raw, ...checks }: JsonFileOptions<T>,
): Promise<{ readonly value: T; readonly problem: AppError | null }> {
  if ((await files.stat(file)) === null) return { value: fallback, problem: null };
  const parsed = await check(migrate(await parseFile(files, file)), checks);
  if (parsed.ok) return { value: parsed.value, problem: null };
  const backup = `${file}.damaged-${String(clock.wallMs())}`;
  await files.rename(file, backup);
  return {
    value: fallback,
    problem: appError(
      'STORE_CORRUPT',
      { file: path.basename(file), backup: path.basename(backup) },
      { details: parsed.error },
    ),
  };
}

/** The value, or what is wrong with it. */
async function check<T>(
  raw: unknown,
  { schema, long }: Pick<JsonFileOptions<T>, 'schema' | 'long'>,
): Promise<Result<T, string>> {
  const { [long?.key ?? '']: part, ...others } = typeof raw === 'object' ? { ...raw } : {};
  const isLong = long !== undefined && typeof part === 'object' && part !== null;
  const rest = schema.safeParse(isLong ? { ...others, [long.key]: Array.isArray(part) ? [] : {} } : raw);
  if (!rest.success) return err(rest.error.message);
  if (!isLong) return ok(rest.data);
  const entries = z.array(z.tuple([z.string(), long.item]));
  const parsed: [string, unknown][] = [];
  for (const piece of await mapPieces(Object.entries(part), (items) => entries.safeParse(items))) {
    if (!piece.success) return err(piece.error.message);
    parsed.push(...piece.data);
  }
  const value = Array.isArray(part) ? parsed.map(([, item]) => item) : Object.fromEntries(parsed);
  return ok({ ...rest.data, [long.key]: value });
}

/** Undefined, which none of our schemas accepts, if the file isn't JSON. */
async function parseFile(files: Files, file: string): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(await files.readText(file));
    return value;
  } catch {
    return undefined;
  }
}
