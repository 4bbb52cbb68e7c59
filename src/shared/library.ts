/** Videos that were made. What is known of one lives in its MP4 and is read back from there. */
import { z } from 'zod';
import { deviceListSchema } from './device';
import { planSchema } from './plan';
import { jobReportSchema, stagePeakSchema } from './protocol';
import { generateRequestSchema } from './request';

/** The JSON in the MP4's `comment` tag: all that is needed to make the video again. */
export const videoMetadataSchema = z.object({
  splitreel: z.literal(1),
  /** The request of this one video: videoCount is 1 and seed its own. */
  request: generateRequestSchema,
  plan: planSchema,
  /** True where the plan uses PipeFusion after its warm-up. */
  approximate: z.boolean(),
  model: z.object({
    id: z.string(),
    /** sha256 over the names and sizes of the weights and the bytes of the configs. */
    fingerprint: z.string(),
  }),
  versions: z.record(z.string(), z.string()),
  /** What the video was made on, one for each rank. */
  devices: deviceListSchema,
  dtype: z.string(),
  createdAt: z.string(),
  report: jobReportSchema
    .omit({ ranks: true })
    /** Of the rank that wrote it; older videos tell none. */
    .extend({ peaks: z.array(stagePeakSchema).default([]) })
    .nullable(),
});
export type VideoMetadata = z.infer<typeof videoMetadataSchema>;

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
