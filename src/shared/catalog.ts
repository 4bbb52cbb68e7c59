/**
 * Downloadable models: resources/catalog.json, plus a file of the same format in the data folder with which users add
 * or replace models. Exact sizes and hashes come from Hugging Face before a download.
 */
import { z } from 'zod';
import { taskSchema } from './model';

/** Also a folder name and a command-line argument. `demo` is the model that ships with the app. */
export const catalogIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
  .refine((id) => id !== 'demo' && !/\.(part|removing|moving)$/.test(id));
/** ORGANIZATION/NAME, as on the hub. */
export const repositorySchema = z.string().regex(/^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/);

const gigabytes = z.number().positive().max(10_000);
const side = z.number().int().positive().max(16_384);

export const catalogEntrySchema = z.object({
  id: catalogIdSchema,
  name: z.string().min(1).max(60),
  /** One line: what it is good for. */
  description: z.string().max(200),
  /** It is downloaded from the first; the Hugging Face cache may contain it under any of them. */
  repositories: z.array(repositorySchema).min(1).max(8),
  revision: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .default('main'),
  /** `isOpen`: free for any use by anyone. */
  license: z.object({ name: z.string().min(1).max(60), isOpen: z.boolean() }),
  task: taskSchema,
  /** The size and length it was trained for. */
  video: z.object({ width: side, height: side, frames: side }).nullable().default(null),
  /** Lower bound for its weights at 16 bits each: a guide for the choice until Hugging Face gives the exact size. */
  downloadGb: gigabytes.nullable().default(null),
  /** Published memory needs of one GPU: with full offloading and without. */
  memory: z.object({ offloadedGb: gigabytes, wholeGb: gigabytes }).nullable().default(null),
  /** The authors' recommendation; `model`: the one in its folder. */
  scheduler: z.enum(['model', 'ddim', 'dpm']).default('model'),
});
export type CatalogEntry = z.infer<typeof catalogEntrySchema>;

export const catalogSchema = z.object({ version: z.literal(1), models: z.array(catalogEntrySchema).max(200) });
export type Catalog = z.infer<typeof catalogSchema>;

/** The user's entries replace those with the same id; new ones follow the others. */
export function mergeCatalogs(ours: Catalog, theirs: Catalog): readonly CatalogEntry[] {
  const byId = new Map([...ours.models, ...theirs.models].map((entry) => [entry.id, entry]));
  return [...byId.values()];
}
