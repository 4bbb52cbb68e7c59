/** The list of downloadable models: the app's, overridden by the user's own. */
import path from 'node:path';
import { catalogSchema, mergeCatalogs, type Catalog, type CatalogEntry } from '../../shared/catalog';
import { appError, type AppError } from '../../shared/errors';
import type { Reason } from '../../shared/messages';
import type { Files } from '../ports/files';

const EMPTY: Catalog = { version: 1, models: [] };

export interface ReadCatalog {
  readonly entries: readonly CatalogEntry[];
  /** The problem with the user's file; the app's list still applies. */
  readonly problem: AppError | null;
}

export async function readCatalog(files: Files, ours: string, theirs: string): Promise<ReadCatalog> {
  const shipped = catalogSchema.parse(JSON.parse(await files.readText(ours)));
  if ((await files.stat(theirs)) === null) return { entries: mergeCatalogs(shipped, EMPTY), problem: null };
  const file = path.basename(theirs);
  const invalid = (reason: Reason, details?: string): ReadCatalog => ({
    entries: mergeCatalogs(shipped, EMPTY),
    problem: appError('CATALOG_INVALID', { file }, { reasons: [reason], ...(details !== undefined && { details }) }),
  });
  let raw: unknown;
  try {
    raw = JSON.parse(await files.readText(theirs));
  } catch {
    return invalid({ code: 'catalog_not_json', params: { file } });
  }
  const parsed = catalogSchema.safeParse(raw);
  if (parsed.success) return { entries: mergeCatalogs(shipped, parsed.data), problem: null };
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  return invalid({ code: 'catalog_field', params: { field, file } }, issue?.message);
}
