import type { ExportFormat } from '../../../shared/export';
import { message } from './message';

const formats: Readonly<Record<ExportFormat, string>> = {
  h264: 'MP4 (H.264)',
  hevc: 'MP4 (HEVC)',
  webm: 'WebM (VP9)',
  prores: 'QuickTime (ProRes 422 HQ)',
  gif: 'GIF',
  webp: '动态 WebP',
  frames: '全部帧（PNG）',
  frame: '单帧（PNG）',
};

const formatHints: Readonly<Record<ExportFormat, string>> = {
  h264: '几乎处处可播放。',
  hevc: '约为 H.264 的一半大小，但并非所有浏览器都能播放。',
  webm: '适合网页。',
  prores: '适合剪辑：文件大，损失小。',
  gif: '处处可播放，最多 256 色。',
  webp: '类似 GIF，但色彩完整且更小。',
  frames: '一个文件夹，每帧一个编号文件。',
  frame: '一张无损图片，例如用作另一个视频的首帧。',
};

export const exportCopy = {
  open: '导出',
  title: '导出此视频',
  titleForMany: message('导出 {count, plural, other {# 个视频}}'),
  savedMany: message('已将 {count, plural, other {# 个副本}}保存到 {folder}'),
  video: message('第 {index, number} / {count, number} 个视频'),
  start: '导出',
  format: '格式',
  formats,
  formatHints,
  frame: '帧',
  frameRange: message('请选择 1 到 {count, number} 之间的帧。'),
  motion: '流畅度',
  ownRate: message('保持原样（每秒 {fps, number} 帧）'),
  ownRates: '保持原样',
  rate: message('更流畅：每秒 {fps, number} 帧'),
  size: '尺寸',
  sizes: message('{scale, plural, =1 {保持原样（{width} × {height}）} other {{width} × {height}}}'),
  scales: message('{scale, plural, =1 {保持原样} other {宽高各 # 倍}}'),
  processed: '后期处理：新增的帧和像素由视频推算得出，原视频保持不变。',
  progress: '导出进度',
  opening: '正在打开视频',
  frames: message('{done, number} / {total, number} 帧'),
} as const;
