/** Copies of a video in other formats. */
import type { ExportFormat } from '../../../shared/export';

const formats: Readonly<Record<ExportFormat, string>> = {
  h264: 'MP4 (H.264)',
  hevc: 'MP4 (HEVC)',
  webm: 'WebM (VP9)',
  prores: 'QuickTime (ProRes 422 HQ)',
  gif: 'GIF',
  webp: 'Animated WebP',
  frames: 'All frames (PNG)',
  frame: 'One frame (PNG)',
};

const formatHints: Readonly<Record<ExportFormat, string>> = {
  h264: 'Plays everywhere.',
  hevc: 'About half the size of H.264. Not every browser plays it.',
  webm: 'For web pages.',
  prores: 'For editing: large files with little loss.',
  gif: 'Plays everywhere, with at most 256 colours.',
  webp: 'Like a GIF, in full colour and smaller.',
  frames: 'A folder with a numbered file for each frame.',
  frame: 'A picture without loss, such as the first frame of another video.',
};

export const exportCopy = {
  open: 'Export',
  title: 'Export this video',
  start: 'Export',
  format: 'Format',
  formats,
  formatHints,
  frame: 'Frame',
  frameRange: (count: number): string => `Choose a frame from 1 to ${String(count)}.`,
  motion: 'Motion',
  ownRate: (fps: number): string => `As it is (${String(fps)} frames per second)`,
  rate: (fps: number): string => `Smoother: ${String(fps)} frames per second`,
  size: 'Size',
  sizes: (width: number, height: number, scale: number): string =>
    scale === 1 ? `As it is (${String(width)} × ${String(height)})` : `${String(width)} × ${String(height)}`,
  processed: 'Post-processing: added frames and pixels are computed from the video. The original stays as it is.',
  progress: 'Export progress',
  opening: 'Opening the video',
  frames: (done: number, total: number): string => `${String(done)} of ${String(total)} frames`,
} as const;
