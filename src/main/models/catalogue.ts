/** The list of models that can be fetched: the app's, and the person's own over it. */
import path from 'node:path';
import { catalogueSchema, mergeCatalogues, type Catalogue, type CatalogueEntry } from '../../shared/catalogue';
import { appError, type AppError } from '../../shared/errors';
import type { Reason } from '../../shared/messages';
import type { Files } from '../ports/files';

const EMPTY: Catalogue = { version: 1, models: [] };

export interface ReadCatalogue {
  readonly entries: readonly CatalogueEntry[];
  /** What is wrong with the person's file; the app's list is there all the same. */
  readonly problem: AppError | null;
}

export async function readCatalogue(files: Files, ours: string, theirs: string): Promise<ReadCatalogue> {
  const shipped = catalogueSchema.parse(JSON.parse(await files.readText(ours)));
  if ((await files.stat(theirs)) === null) return { entries: mergeCatalogues(shipped, EMPTY), problem: null };
  const file = path.basename(theirs);
  const invalid = (reason: Reason, details?: string): ReadCatalogue => ({
    entries: mergeCatalogues(shipped, EMPTY),
    problem: appError('CATALOGUE_INVALID', { file }, { reasons: [reason], ...(details !== undefined && { details }) }),
  });
  let raw: unknown;
  try {
    raw = JSON.parse(await files.readText(theirs));
  } catch {
    return invalid({ code: 'catalogue_not_json', params: { file } });
  }
  const parsed = catalogueSchema.safeParse(raw);
  if (parsed.success) return { entries: mergeCatalogues(shipped, parsed.data), problem: null };
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  return invalid({ code: 'catalogue_field', params: { field, file } }, issue?.message);
}
