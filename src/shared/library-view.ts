/** The library's order and filters. Kept in the settings. */
import { z } from 'zod';
import { AXES } from './axes';
import { MAX_RATING, MAX_TAGS } from './marks';
import { qualitySchema } from './sampling';

export const SORTS = ['newest', 'oldest', 'longest', 'largest', 'rating', 'prompt'] as const;
export const PERIODS = ['today', 'week', 'month'] as const;
export const PLAN_KINDS = ['one', 'several', ...AXES] as const;

/** Null and empty: any. */
export const libraryFilterSchema = z.object({
  model: z.string().max(4_096).nullable(),
  /** `720x480` */
  size: z.string().max(20).nullable(),
  period: z.enum(PERIODS).nullable(),
  /** `one`: on one device; an axis: split along it. */
  plan: z.enum(PLAN_KINDS).nullable(),
  quality: qualitySchema.nullable(),
  isFavorite: z.boolean(),
  minRating: z.number().int().min(0).max(MAX_RATING),
  /** Only videos with all of these tags. */
  tags: z.array(z.string().max(100)).max(MAX_TAGS).readonly(),
});
export type LibraryFilter = z.infer<typeof libraryFilterSchema>;

export const NO_FILTER: LibraryFilter = {
  model: null,
  size: null,
  period: null,
  plan: null,
  quality: null,
  isFavorite: false,
  minRating: 0,
  tags: [],
};

export const libraryViewSchema = z.object({ sort: z.enum(SORTS), filter: libraryFilterSchema });
export type LibraryView = z.infer<typeof libraryViewSchema>;
export type LibrarySort = LibraryView['sort'];

export const DEFAULT_LIBRARY_VIEW: LibraryView = { sort: 'newest', filter: NO_FILTER };
