/** Models that can be used: what the window shows of each. */
import { z } from 'zod';
import { catalogEntrySchema } from './catalog';
import { appErrorSchema } from './errors';
import { memoryShapeSchema } from './memory-shape';
import { modelShapeSchema } from './model';
import { loraSchema, samplingParamsSchema } from './sampling';

/** What was verified of a model (python/splitreel/store/record_check.py). */
const verifiedRecordSchema = z.object({
  /** `none`: never verified. `stale`: a file has another time than when it was verified. */
  status: z.enum(['none', 'good', 'stale', 'damaged']),
  error: appErrorSchema.nullable(),
  fileCount: z.number().int().nonnegative(),
  /** Files whose hash is the one that Hugging Face publishes. */
  known: z.number().int().nonnegative(),
  /** The repository and the commit that its files can be downloaded from again. */
  source: z.tuple([z.string(), z.string()]).nullable(),
});
export type VerifiedRecord = z.infer<typeof verifiedRecordSchema>;

/** What `splitreel inspect` answers for a folder (python/splitreel/store/inspect_model.py). */
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

/** What `splitreel inspect-lora` answers for a file and a model. */
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
      /** What the memory planner needs; null where the configs do not tell. */
      memory: memoryShapeSchema.nullish(),
    }),
    z.object({ status: z.literal('checking') }),
    /** Can be made or fetched; not there yet. */
    z.object({ status: z.literal('absent') }),
    z.object({ status: z.literal('broken'), error: appErrorSchema }),
  ]),
  /** What the form starts with for this model. `scheduler` is the one that its authors recommend. */
  defaults: samplingParamsSchema,
  /** Sizes to offer beside free numbers. */
  sizes: z.array(z.object({ width: z.number(), height: z.number() })),
  /** Sentences to try in one click. */
  examples: z.array(z.string()),
  /** What the catalog says of it; null for models that are in no catalog. */
  offer: catalogEntrySchema.nullable(),
  /** Null while nothing of it is there. */
  files: z
    .object({
      /** `app`: came with it; `models`: in the models folder, Splitreel's to remove; the others are the user's. */
      place: z.enum(['app', 'models', 'cache', 'folder']),
      /** Every file hashed; `known`: of so many the hub's own hash is known. */
      verified: z.object({ fileCount: z.number(), known: z.number() }).nullable(),
      verifying: z.object({ doneBytes: z.number(), totalBytes: z.number() }).nullable(),
      /** The repository that damaged files can be downloaded from again; null where none is known or none is damaged. */
      repairFrom: z.string().nullable(),
    })
    .nullable(),
});
export type ModelEntry = z.infer<typeof modelEntrySchema>;
