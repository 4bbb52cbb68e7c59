/**
 * Copies of a finished video in other formats. `splitreel export` makes them (python/splitreel/video/export.py) and
 * sends its progress as lines of JSON; python/splitreel/contract/exports.py is generated from this file.
 */
import { z } from 'zod';
import { appErrorSchema } from './errors';

export const EXPORT_FORMATS = ['h264', 'hevc', 'webm', 'prores', 'gif', 'webp', 'frames', 'frame'] as const;
export const exportFormatSchema = z.enum(EXPORT_FORMATS).meta({
  id: 'ExportFormat',
  description: '`frames`: a folder of PNG files. `frame`: one PNG file. The others are named after their codec.',
});
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/** The file extension; empty for a folder. */
export const EXPORT_EXTENSIONS: Readonly<Record<ExportFormat, string>> = {
  h264: '.mp4',
  hevc: '.mp4',
  webm: '.webm',
  prores: '.mov',
  gif: '.gif',
  webp: '.webp',
  frames: '',
  frame: '.png',
};

/** Frames per second to offer for smoother motion. */
export const EXPORT_RATES = [16, 24, 30, 60] as const;
export const EXPORT_SCALES = [1, 2] as const;

export const exportRequestSchema = z
  .object({
    format: exportFormatSchema,
    fps: z.number().int().min(1).max(120).nullable().describe("null: the video's own; frames between are interpolated"),
    scale: z.number().int().min(1).max(4).describe('enlargement of both sides'),
    frame: z.number().int().nonnegative().nullable().describe('which frame to write; only for `frame`'),
  })
  .meta({ id: 'ExportRequest', description: 'What to make of a video.' });
export type ExportRequest = z.infer<typeof exportRequestSchema>;

const count = z.number().int().nonnegative();
export const exportEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('exportProgressed'), done: count, total: count }).describe('Counts frames.'),
  z.object({ type: z.literal('exportFinished'), path: z.string() }),
  z.object({ type: z.literal('exportFailed'), error: appErrorSchema }),
]);
export type ExportEvent = z.infer<typeof exportEventSchema>;

/** A running export, as the window shows it. */
export const exportStateSchema = z.object({
  id: z.string(),
  /** The video that is being exported. */
  videoId: z.string(),
  /** Its index among the videos, from 0. */
  videoIndex: count,
  videoCount: count,
  format: exportFormatSchema,
  done: count,
  /** 0 until the video has been opened. */
  total: count,
});
export type ExportState = z.infer<typeof exportStateSchema>;
