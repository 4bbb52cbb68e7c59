/**
 * Models that can be fetched: resources/catalog.json, and a file of the same kind in the data folder by which a
 * person adds their own or replaces one. No exact sizes and no hashes here: Hugging Face gives them before a download.
 */
import { z } from 'zod';
import { taskSchema } from './model';

/** Also a folder's name and a word on the command line. `demo` is the model that comes with the app. */
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
  /** The first is where it is fetched from; under the others it may lie in the Hugging Face cache. */
  repositories: z.array(repositorySchema).min(1).max(8),
  revision: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .default('main'),
  /** `isOpen`: everyone may use it for anything. */
  license: z.object({ name: z.string().min(1).max(60), isOpen: z.boolean() }),
  task: taskSchema,
  /** What it was made for. */
  video: z.object({ width: side, height: side, frames: side }).nullable().default(null),
  /** The least that its weights take, at 16 bits each: enough to choose by, before Hugging Face gives the exact size. */
  downloadGb: gigabytes.nullable().default(null),
  /** Of one GPU, as its makers publish it: with everything offloaded, and with nothing. */
  memory: z.object({ offloadedGb: gigabytes, wholeGb: gigabytes }).nullable().default(null),
  /** The one that its makers recommend; `model`: the one that its folder names. */
  scheduler: z.enum(['model', 'ddim', 'dpm']).default('model'),
});
export type CatalogEntry = z.infer<typeof catalogEntrySchema>;

export const catalogSchema = z.object({ version: z.literal(1), models: z.array(catalogEntrySchema).max(200) });
export type Catalog = z.infer<typeof catalogSchema>;

/** The user's entries replace those with the same id and follow the others. */
export function mergeCatalogs(ours: Catalog, theirs: Catalog): readonly CatalogEntry[] {
  const byId = new Map([...ours.models, ...theirs.models].map((entry) => [entry.id, entry]));
  return [...byId.values()];
}
