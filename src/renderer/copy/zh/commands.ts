import { message } from './message';

export const commands = {
  title: '命令',
  search: '搜索命令',
  nothingFound: '没有匹配的命令。',
  goTo: message('前往“{page}”'),
  pageKey: message('Ctrl+{number, number}'),
  undo: '撤销对表单的替换',
  undoKey: 'Ctrl+Z',
  redo: '重做对表单的替换',
  redoKey: 'Ctrl+Shift+Z',
  history: '搜索提示词历史',
  promptFile: '打开提示词文本文件',
  presets: '打开预设',
  compareFiles: '对比文件',
  compareNewest: '对比最新的两个视频',
  showRunning: '显示正在生成的视频',
  openNewest: '打开最新的视频',
  discardNewest: '丢弃最新的视频',
  theme: message('主题：{theme}'),
  turnOn: message('开启：{setting}'),
  turnOff: message('关闭：{setting}'),
} as const;
