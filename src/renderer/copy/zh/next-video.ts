import { message } from './message';

/** A finished video as the start of another one. */
export const nextVideo = {
  useFrame: '使用此帧',
  useFrameHint: '将此帧用作下一个视频的首帧',
  useFrameKey: 'I',
  continue: '延长',
  continueHint: '从最后一帧继续',
  continueKey: 'N',
  frameUsed: message('第 {frame, number} 帧已设为下一个视频的首帧。'),
  frameUsedWith: message('第 {frame, number} 帧已设为下一个视频的首帧，将使用 {model} 生成。'),
  continuing: message('可以修改提示词，然后点击“生成”。新的部分会与 {name} 合并。'),
  continues: message('延长 {name}：新的部分会与它合并，两个文件都会保留。'),
  separate: '改为生成独立的视频',
  noModel: message('此电脑上没有图生视频模型。可以下载 {model}。'),
  sizeRefused: message('{model} 无法生成 {width} × {height}，因此无法与此视频合并。'),
  parts: message('{count, plural, other {# 个部分}}'),
} as const;
