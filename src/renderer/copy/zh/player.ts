import { message } from './message';

export const player = {
  label: '播放器',
  about: '关于此视频',
  video: '已完成的视频',
  play: '播放',
  pause: '暂停',
  scrub: '播放位置',
  previous: '上一帧',
  next: '下一帧',
  loop: '循环播放',
  speed: '速度',
  speedValue: message('{speed, number}x'),
  fullScreen: '全屏',
  frame: message('第 {frame, number} / {total, number} 帧'),
  drag: '拖出',
  dragHint: '将视频拖到文件夹或剪辑软件中',
  exactQueued: '已将同一视频的精确质量版本加入队列。',
  broken: '无法播放此视频。它可能已被移动或删除，或需要其他播放器：请试试“更多”中的“在文件夹中显示”。',
} as const;
