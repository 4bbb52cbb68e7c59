import { message } from './message';

export const prompts = {
  tools: '提示词工具',
  history: '历史',
  historyTitle: '提示词历史',
  search: '搜索提示词',
  nothingFound: '没有包含这些词的提示词。',
  noHistory: '用过的提示词会显示在这里。',
  forget: '从历史中移除',
  forgetAll: '清空历史',
  variations: '变体',
  presets: '预设',
  list: '每行一条提示词',
  count: message('{count, plural, other {# 条提示词}}'),
} as const;

export const variations = {
  seeds: message('同一提示词，{count, number} 个新种子'),
  guidance: message('同一种子，引导强度 {values}'),
  drafts: message('同时生成 {count, number} 个草稿，{kind, select, cuda {每块 GPU} other {每个 CPU 工作进程}}一个'),
  together: message(
    '{kind, select, cuda {{count, plural, other {# 块 GPU}}} other {{count, plural, other {# 个 CPU 工作进程}}}}共同生成一个视频',
  ),
  draftSteps: message('{steps, number} 步'),
  about: message('约 {time}'),
  unmeasured: '尚未测量',
} as const;

export const presets = {
  title: '预设',
  search: '搜索预设',
  nothingFound: '没有名称包含这些词的预设。',
  none: '预设以一个名称保存表单中的设置：模型、尺寸、步数等，但不含提示词和种子。',
  name: '名称',
  save: '保存当前设置',
  remove: '移除',
  exportAll: '导出',
  importFile: '导入',
  used: message('已应用“{name}”的设置。'),
  saved: message('已保存为“{name}”。'),
  imported: message('{count, plural, =0 {此文件中没有新内容。} other {已导入 # 个预设。}}'),
} as const;
