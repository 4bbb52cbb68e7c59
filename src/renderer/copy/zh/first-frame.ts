import { message } from './message';

/** The image that a video starts from. */
export const firstFrame = {
  label: '首帧（模型看到的样子）',
  size: message('{width} × {height}'),
  scaled: message('{from}，缩放至 {to}'),
  shaped: {
    crop: message('{from}，裁剪至 {to}'),
    fit: message('{from}，加黑边放入 {to}'),
    stretch: message('{from}，拉伸至 {to}'),
  },
  fit: '图片适配方式',
  fits: { crop: '裁剪', fit: '完整显示（加黑边）', stretch: '拉伸' },
  position: '保留哪一部分',
  positionValue: message('{position, number, percent}'),
} as const;
