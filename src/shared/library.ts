/** Videos that were made. What is known of one lives in its MP4 and is read back from there. */
import { z } from 'zod';
import { deviceListSchema } from './device';
import { planSchema } from './plan';
import { jobReportSchema, stagePeakSchema } from './protocol';
import { generateRequestSchema } from './request';

/** A file from elsewhere can hold anything; a page of such files must not fill the memory. */
const MAX_ENTRIES = 64;
const MAX_COMMENT_CHARACTERS = 262_144;
const name = z.string().max(200);

/** The JSON in the MP4's `comment` tag: all that is needed to make the video again. */
export const videoMetadataSchema = z.object({
  splitreel: z.literal(1),
  /** The request of this one video: videoCount is 1 and seed its own. */
  request: generateRequestSchema,
  plan: planSchema,
  /** True where the plan uses PipeFusion after its warm-up. */
  approximate: z.boolean(),
  model: z.object({
    id: z.string().max(4_096),
    /** sha256 over the names and sizes of the weights and the bytes of the configs. */
    fingerprint: name,
  }),
  versions: z.record(name, name).refine((versions) => Object.keys(versions).length <= MAX_ENTRIES),
  /** What the video was made on, one for each rank. */
  devices: deviceListSchema,
  dtype: name,
  createdAt: name,
  report: jobReportSchema
    .omit({ ranks: true })
    /** Of the rank that wrote it; older videos tell none. */
    .extend({
      stages: jobReportSchema.shape.stages.max(MAX_ENTRIES),
      peaks: z.array(stagePeakSchema).max(MAX_ENTRIES).default([]),
    })
    .nullable(),
});
export type VideoMetadata = z.infer<typeof videoMetadataSchema>;

/** Null for a comment that is not ours, or larger than any of ours. */
export function parseVideoMetadata(comment: string): VideoMetadata | null {
  if (comment.length > MAX_COMMENT_CHARACTERS) return null;
  try {
    return videoMetadataSchema.safeParse(JSON.parse(comment)).data ?? null;
  } catch {
    return null;
  }
}

export const libraryVideoSchema = z.object({
  id: z.string(),
  fileName: z.string(),
  sizeBytes: z.number(),
  createdAtMs: z.number(),
  durationMs: z.number(),
  frameRate: z.number(),
  videoUrl: z.string(),
  /** JPEG of a frame. */
  thumbnailUrl: z.string().nullable(),
  metadata: videoMetadataSchema,
});
export type LibraryVideo = z.infer<typeof libraryVideoSchema>;
