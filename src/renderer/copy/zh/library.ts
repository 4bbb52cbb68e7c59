import { message } from './message';

export const library = {
  title: '视频库',
  emptyTitle: '还没有视频',
  empty: '你生成的每个视频都会连同设置保存在这里。',
  emptyAction: '生成第一个视频',
  open: message('打开：{prompt}'),
  search: '搜索提示词和标签',
  readSettings: '从视频文件读取设置',
  count: message('{count, plural, other {# 个视频}}'),
  seed: message('种子 {seed}'),
  seeds: message('种子 {first} 至 {last}'),
  approximate: '近似',
  lora: message('{name} {strength, number}'),
  qualities: {
    balanced: '均衡质量',
    fast: '快速质量',
  },
} as const;
