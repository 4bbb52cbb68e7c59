/** Models that can be used, as the window shows them. */
import { z } from 'zod';
import { catalogEntrySchema } from './catalog';
import { appErrorSchema } from './errors';
import { memoryShapeSchema } from './memory-shape';
import { modelShapeSchema } from './model';
import { loraSchema, samplingParamsSchema } from './sampling';

/** The last verification of a model (python/splitreel/store/record_check.py). */
const verifiedRecordSchema = z.object({
  /** `none`: never verified. `stale`: a file's modification time changed after the verification. */
  status: z.enum(['none', 'good', 'stale', 'damaged']),
  error: appErrorSchema.nullable(),
  fileCount: z.number().int().nonnegative(),
  /** Files whose hash matches the one that Hugging Face publishes. */
  known: z.number().int().nonnegative(),
  /** The repository and the commit that its files can be downloaded from again. */
  source: z.tuple([z.string(), z.string()]).nullable(),
});
export type VerifiedRecord = z.infer<typeof verifiedRecordSchema>;

/** The output of `splitreel inspect` for a folder (python/splitreel/store/inspect_model.py). */
export const inspectionSchema = z
  .discriminatedUnion('status', [
    z.object({
      status: z.literal('ready'),
      shape: modelShapeSchema,
      memory: memoryShapeSchema.nullable(),
      /** Of the weights. */
      sizeBytes: z.number().nonnegative(),
    }),
    z.object({ status: z.literal('broken'), error: appErrorSchema }),
  ])
  .and(z.object({ record: verifiedRecordSchema.nullable() }));
export type Inspection = z.infer<typeof inspectionSchema>;

/** The output of `splitreel inspect-lora` for a file and a model. */
export const loraInspectionSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('ready'), sha256: loraSchema.shape.sha256, layers: z.number().int().positive() }),
  z.object({ status: z.literal('broken'), error: appErrorSchema }),
]);
export type LoraInspection = z.infer<typeof loraInspectionSchema>;

export const modelEntrySchema = z.object({
  /** `demo`, a catalog name, or the folder's path. */
  id: z.string(),
  name: z.string(),
  /** One line: what it is, what it is good for. */
  description: z.string(),
  source: z.enum(['builtin', 'folder', 'catalog']),
  path: z.string().nullable(),
  sizeBytes: z.number().nullable(),
  state: z.discriminatedUnion('status', [
    z.object({
      status: z.literal('ready'),
      shape: modelShapeSchema,
      /** What the memory planner needs; null if the configs don't contain it. */
      memory: memoryShapeSchema.nullish(),
    }),
    z.object({ status: z.literal('checking') }),
    /** Not there yet, but can be made or downloaded. */
    z.object({ status: z.literal('absent') }),
    z.object({ status: z.literal('broken'), error: appErrorSchema }),
  ]),
  /** The form's initial values for this model. `scheduler` is the one that its authors recommend. */
  defaults: samplingParamsSchema,
  /** Sizes to offer besides custom ones. */
  sizes: z.array(z.object({ width: z.number(), height: z.number() })),
  /** Sentences to try in one click. */
  examples: z.array(z.string()),
  /** Its catalog entry; null for models that aren't in the catalog. */
  offer: catalogEntrySchema.nullable(),
  /** Null if none of its files exist. */
  files: z
    .object({
      /** `app`: bundled; `models`: in the models folder, where Splitreel may remove it; the others are the user's. */
      location: z.enum(['app', 'models', 'cache', 'folder']),
      /** Every file was hashed; `known`: the number of files whose hash on Hugging Face is known. */
      verified: z.object({ fileCount: z.number(), known: z.number() }).nullable(),
      verifying: z.object({ doneBytes: z.number(), totalBytes: z.number() }).nullable(),
      /** The repository to download damaged files from again; null if it is unknown or no file is damaged. */
      repairFrom: z.string().nullable(),
    })
    .nullable(),
});
export type ModelEntry = z.infer<typeof modelEntrySchema>;
