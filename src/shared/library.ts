/** Generated videos. Their settings are stored in the MP4 and read from there. */
import { z } from 'zod';
import { deviceListSchema } from './device';
import { videoMarksSchema } from './marks';
import { planSchema } from './plan';
import { jobReportSchema, stagePeakSchema } from './protocol';
import { generateRequestSchema } from './sampling';

/** Files from elsewhere can contain anything; many of them must not fill the memory. */
const MAX_ENTRIES = 64;
const MAX_COMMENT_CHARACTERS = 262_144;
const name = z.string().max(200);

export const metadataReportSchema = jobReportSchema
  .omit({ ranks: true, notices: true })
  .extend({
    stages: jobReportSchema.shape.stages.max(MAX_ENTRIES),
    peaks: z.array(stagePeakSchema).max(MAX_ENTRIES).describe('of the rank that wrote the video'),
  })
  .meta({ id: 'MetadataReport', description: 'What is known of a job when one of its videos is written.' });

export const metadataModelSchema = z
  .object({
    id: z.string().max(4_096),
    fingerprint: name.describe('sha256 over names and sizes of the weights and the bytes of the configs'),
  })
  .meta({ id: 'MetadataModel' });

export const MAX_PARTS = MAX_ENTRIES;
export const videoPartSchema = z
  .object({
    fileName: name,
    frames: z.number().int().nonnegative().describe('of the joined video'),
    request: generateRequestSchema,
  })
  .meta({ id: 'VideoPart', description: 'One of the videos that a joined one consists of.' });

export const videoMetadataSchema = z
  .object({
    splitreel: z.literal(1),
    request: generateRequestSchema.describe('of this one video, with its own seed and a count of 1'),
    plan: planSchema,
    approximate: z
      .boolean()
      .describe('whether the plan uses PipeFusion after its warm-up, or the quality is not exact'),
    model: metadataModelSchema,
    versions: z.record(name, name).refine((versions) => Object.keys(versions).length <= MAX_ENTRIES),
    devices: deviceListSchema.describe('what the video was made on, one for each rank'),
    dtype: name,
    createdAt: name,
    report: metadataReportSchema.nullable(),
    parts: z
      .array(videoPartSchema)
      .max(MAX_PARTS)
      .optional()
      .describe('of a joined video, in order; all else is about the last one'),
  })
  .meta({
    id: 'VideoMetadata',
    description: "The JSON in the MP4's `comment` tag: everything that is needed to make the video again.",
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
  marks: videoMarksSchema,
});
export type LibraryVideo = z.infer<typeof libraryVideoSchema>;

/** A video file from anywhere. It can be compared with others, but isn't in the library. */
export const guestVideoSchema = libraryVideoSchema
  .pick({ id: true, fileName: true, durationMs: true, frameRate: true, videoUrl: true })
  .extend({ metadata: videoMetadataSchema.nullable() });
export type GuestVideo = z.infer<typeof guestVideoSchema>;
