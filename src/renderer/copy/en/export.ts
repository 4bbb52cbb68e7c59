/** Copies of a video in other formats. */
import type { ExportFormat } from '../../../shared/export';
import { message } from './message';

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
  gif: 'Plays everywhere, with at most 256 colors.',
  webp: 'Like a GIF, but smaller and in full color.',
  frames: 'A folder with a numbered file for each frame.',
  frame: 'A lossless image, for example to start another video from.',
};

export const exportCopy = {
  open: 'Export',
  title: 'Export this video',
  titleForMany: message('Export {count, plural, one {# video} other {# videos}}'),
  savedMany: message('{count, plural, one {# copy} other {# copies}} saved in {folder}'),
  video: message('Video {index, number} of {count, number}'),
  start: 'Export',
  format: 'Format',
  formats,
  formatHints,
  frame: 'Frame',
  frameRange: message('Choose a frame from 1 to {count, number}.'),
  motion: 'Motion',
  ownRate: message('Original ({fps, number} frames per second)'),
  ownRates: 'Original',
  rate: message('Smoother: {fps, number} frames per second'),
  size: 'Size',
  sizes: message('{scale, plural, =1 {Original ({width} × {height})} other {{width} × {height}}}'),
  scales: message('{scale, plural, =1 {Original} other {# times as wide and high}}'),
  processed: "Post-processing: added frames and pixels are computed from the video. The original isn't changed.",
  progress: 'Export progress',
  opening: 'Opening the video',
  frames: message('{done, number} of {total, number} frames'),
} as const;
