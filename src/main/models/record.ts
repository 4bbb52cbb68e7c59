/** What was verified of a model, as the downloader wrote it, held against sizes and times: no file is read. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import { appError, type AppError } from '../../shared/errors';
import type { Files } from '../ports/files';

const recordSchema = z.object({
  version: z.literal(1),
  repo: z.string().nullable(),
  commit: z.string().nullable(),
  files: z.record(z.string(), z.object({ size: z.number(), mtimeMs: z.number(), isKnown: z.boolean() })),
});
type Entry = z.infer<typeof recordSchema>['files'][string];

export interface RecordState {
  /** `none`: never verified. `stale`: a file has another time than when it was. */
  readonly status: 'none' | 'good' | 'stale' | 'damaged';
  readonly error: AppError | null;
  readonly fileCount: number;
  readonly known: number;
  /** Where its files can be had again. */
  readonly source: { readonly repo: string; readonly commit: string } | null;
}

const NONE: RecordState = { status: 'none', error: null, fileCount: 0, known: 0, source: null };

/**
 * Never inside the model's folder: a record that came with a folder would say where it may be repaired from. A model in
 * the models folder is known by its name, so that its record holds when the models folder moves.
 */
export function recordFile(folder: string, place: 'models' | 'cache' | 'folder', recordsFolder: string): string {
  const key = place === 'models' ? `models/${path.basename(folder, '.part')}` : folder;
  return path.join(recordsFolder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
}

export async function checkRecord(files: Files, folder: string, file: string): Promise<RecordState> {
  let raw: unknown;
  try {
    raw = JSON.parse(await files.readText(file));
  } catch {
    return NONE;
  }
  const parsed = recordSchema.safeParse(raw);
  if (!parsed.success) return NONE;
  const { repo, commit, files: entries } = parsed.data;
  const source = repo !== null && commit !== null ? { repo, commit } : null;
  const counts = {
    fileCount: Object.keys(entries).length,
    known: Object.values(entries).filter(({ isKnown }) => isKnown).length,
    source,
  };
  let status: RecordState['status'] = 'good';
  for (const [name, entry] of Object.entries(entries)) {
    const found = await held(files, path.join(folder, name), entry);
    if (typeof found === 'object')
      return { ...counts, status: 'damaged', error: appError(found.code, { file: name, problem: found.problem }) };
    if (found === 'touched') status = 'stale';
  }
  return { ...counts, status, error: null };
}

type Held = 'same' | 'touched' | { readonly code: 'MODEL_INCOMPLETE' | 'MODEL_CORRUPT'; readonly problem: string };

async function held(files: Files, file: string, entry: Entry): Promise<Held> {
  const info = await files.stat(file);
  if (info === null) return { code: 'MODEL_INCOMPLETE', problem: 'it is not there' };
  // The downloader's mark for a file whose hash is wrong.
  const isMarked = entry.mtimeMs < 0;
  if (!isMarked && info.sizeBytes !== entry.size)
    return { code: 'MODEL_CORRUPT', problem: `it has ${String(info.sizeBytes)} bytes of ${String(entry.size)}` };
  if (isMarked) return { code: 'MODEL_CORRUPT', problem: 'its hash is not the right one' };
  return Math.floor(info.modifiedMs) === entry.mtimeMs ? 'same' : 'touched';
}
