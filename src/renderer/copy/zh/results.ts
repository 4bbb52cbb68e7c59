import { message } from './message';

export const results = {
  keep: '只保留这个',
  keepHint: '丢弃此任务的其他视频',
  discard: '丢弃',
  finish: '生成成片',
  finishHint: message('同样的提示词和种子，{summary}，使用全部设备'),
  of: message('{action}：{seed}'),
  discarded: message('{count, plural, other {已丢弃 # 个视频。}}'),
  finishing: message('已加入队列：{summary}。'),
} as const;
