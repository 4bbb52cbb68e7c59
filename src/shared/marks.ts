/** The user's marks on a video: favorite, rating, tags. Stored separately, never in the video files. */
import { z } from 'zod';

export const MAX_RATING = 5;
export const MAX_TAGS = 64;
export const MAX_TAG_CHARACTERS = 40;

/** How a tag is written: one line without commas, which separate tags where several are typed. */
export const normalTag = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cs}\s,]+/gu, ' ')
    .trim()
    .slice(0, MAX_TAG_CHARACTERS)
    // Cutting may have split a surrogate pair.
    .replace(/\p{Cs}$/u, '')
    .trim();

/** Tags that differ in case only are the same tag. */
export const tagKey = (tag: string): string => tag.toLowerCase();

const tagSchema = z
  .string()
  .min(1)
  .max(MAX_TAG_CHARACTERS)
  .refine((tag) => tag === normalTag(tag));
const tagsSchema = z.array(tagSchema).max(MAX_TAGS);
const ratingSchema = z.number().int().min(0).max(MAX_RATING);

export const videoMarksSchema = z.object({
  isFavorite: z.boolean(),
  /** 0: not rated. */
  rating: ratingSchema,
  tags: tagsSchema,
});
export type VideoMarks = z.infer<typeof videoMarksSchema>;

export const NO_MARKS: VideoMarks = { isFavorite: false, rating: 0, tags: [] };

/** Applied to several videos at once, so tags are added and removed instead of replaced. */
export const marksChangeSchema = z
  .strictObject({ isFavorite: z.boolean(), rating: ratingSchema, addTags: tagsSchema, removeTags: tagsSchema })
  .partial();
export type MarksChange = z.infer<typeof marksChangeSchema>;

export const hasMarks = ({ isFavorite, rating, tags }: VideoMarks): boolean =>
  isFavorite || rating > 0 || tags.length > 0;

/** Tags beyond the limit are left out. */
export function changedMarks(marks: VideoMarks, change: MarksChange): VideoMarks {
  const { isFavorite = marks.isFavorite, rating = marks.rating, addTags = [], removeTags = [] } = change;
  const removed = new Set(removeTags.map(tagKey));
  const tags = new Map<string, string>();
  for (const tag of [...marks.tags, ...addTags])
    if (!removed.has(tagKey(tag)) && !tags.has(tagKey(tag))) tags.set(tagKey(tag), tag);
  return { isFavorite, rating, tags: [...tags.values()].slice(0, MAX_TAGS) };
}
