/** What Splitreel stores on disk and where, with sizes; it can be moved or removed. */
import { z } from 'zod';

/** What can be moved to another folder. */
export const LOCATION_NAMES = ['environment', 'downloads'] as const;
export type LocationName = (typeof LOCATION_NAMES)[number];

export const STORAGE_KINDS = [
  'slot',
  'tool',
  'pythons',
  'downloads',
  'models',
  'previews',
  'firstFrames',
  'kernels',
] as const;

export const storageItemSchema = z.object({
  id: z.string(),
  kind: z.enum(STORAGE_KINDS),
  /** A slot's; empty for the others. */
  name: z.string(),
  folder: z.string(),
  bytes: z.number(),
  /** What removing it frees: files shared by the slot and the downloads stay, and so do first frames in use. */
  ownBytes: z.number(),
  /** False for what is in use, and for models, which are removed one by one on their own page. */
  canRemove: z.boolean(),
});
export type StorageItem = z.infer<typeof storageItemSchema>;

export const storageSchema = z.object({
  locations: z.array(
    z.object({ name: z.enum(LOCATION_NAMES), folder: z.string(), freeBytes: z.number(), isDefault: z.boolean() }),
  ),
  /** Null until measured. */
  items: z.array(storageItemSchema).nullable(),
  moving: z
    .object({ name: z.enum(LOCATION_NAMES), to: z.string(), copiedBytes: z.number(), totalBytes: z.number() })
    .nullable(),
});
export type Storage = z.infer<typeof storageSchema>;
