import { message } from './message';

export const app = {
  name: 'Splitreel',
  atSpeed: message('{time}（按 100 Mbit/s 计）'),
  pages: {
    create: '创作',
    library: '视频库',
    models: '模型',
    machine: '本机',
    settings: '设置',
  },
  navigation: '页面',
  opening: '正在启动 Splitreel',
  drop: '拖入 Splitreel 生成的视频可沿用其设置，拖入图片可作为首帧',
  dropNoFile: '这不是此电脑上的文件。请先保存，再拖入文件。',
  close: '关闭',
  cancel: '取消',
  dismiss: '关闭',
  details: '详细信息',
  copy: '复制',
  messages: '消息',
  settingsReused: '已将该视频的设置填入表单。',
  promptReplaced: '提示词已被替换。',
  undo: '撤销',
  imageNotUsed: '此模型不支持以图片开始。请先选择图生视频模型。',
} as const;

export const shortcuts = {
  title: '键盘快捷键',
  groups: [
    {
      title: '通用',
      keys: [
        ['Ctrl+Enter', '生成'],
        ['Ctrl+K', '查找命令'],
        ['Ctrl+Shift+R', '改写提示词（需先设置改写）'],
        ['Ctrl+1 至 Ctrl+5', '打开页面'],
        ['Ctrl+加号、Ctrl+减号、Ctrl+0', '放大、缩小、恢复原始大小'],
        ['Ctrl+Z、Ctrl+Shift+Z', '撤销或重做对表单的替换'],
        ['Esc', '取消正在生成的视频（会先确认）'],
        ['?', '显示快捷键'],
      ],
    },
    {
      title: '查看视频时',
      keys: [
        ['空格、K', '播放或暂停'],
        ['左、右方向键', '上一帧或下一帧'],
        ['Shift+左、Shift+右', '后退或前进一秒'],
        ['Home、End', '第一帧或最后一帧'],
        ['J', '倒放；再按加速'],
        ['L', '正放；再按加速'],
        ['0', '开启或关闭循环播放'],
        ['F', '全屏'],
        ['I', '将此帧用作下一个视频的首帧'],
        ['N', '从最后一帧继续'],
        ['C、E、T', '对比、导出、编辑标签'],
      ],
    },
    {
      title: '对比视频时',
      keys: [
        ['S、W、D', '并排、滑动分割、差异'],
        ['+、-、0', '放大、缩小、适应窗口'],
        ['C', '关闭对比'],
      ],
    },
    {
      title: '视频库中',
      keys: [
        ['方向键', '下一个视频；按住 Shift 可扩展选择'],
        ['Home、End、Page Up、Page Down', '第一个或最后一个视频，或翻一页'],
        ['Enter、空格', '打开，或选择'],
        ['F', '收藏或取消收藏'],
        ['1 至 5、0', '评分，或移除评分'],
        ['T', '编辑标签'],
        ['C', '对比最多四个视频'],
        ['E', '导出'],
        ['Del、Ctrl+Z', '删除，或撤销删除'],
        ['Ctrl+单击、Shift+单击', '选择一个视频，或到此为止的全部视频'],
        ['Ctrl+A、Esc', '全选，或取消选择'],
        ['菜单键、Shift+F10', '打开视频、任务或模型的菜单'],
      ],
    },
    {
      title: '队列中',
      keys: [
        ['上、下方向键', '上一个或下一个视频'],
        ['Alt+上、Alt+下', '上移或下移排队中的视频'],
        ['Del 键', '移除'],
      ],
    },
    {
      title: '最近视频和结果中',
      keys: [
        ['方向键', '上一个或下一个视频'],
        ['Enter、Del', '打开，或删除'],
      ],
    },
  ],
} as const;

export const engine = {
  states: {
    stopped: '已停止',
    starting: '正在启动',
    importing: '正在启动',
    cold: '空闲',
    warm: '空闲，模型已加载',
    busy: '忙碌',
    failed: '出错',
  },
  state: message(
    '引擎{status, select, stopped {已停止} cold {空闲} warm {空闲，模型已加载} busy {忙碌} failed {出错} other {正在启动}}',
  ),
  waiting: message('{count, plural, other {# 个视频排队中}}'),
  paused: '队列已暂停',
} as const;

export const devices = {
  gpus: message('{count, number}x {name}'),
  mixed: message('{count, plural, other {# 块 GPU}}'),
  cpu: message('{workers, plural, =1 {CPU} other {CPU，# 个工作进程}}'),
  name: message('{kind, select, cuda {GPU {index}} other {CPU 工作进程 {index}}}'),
} as const;

export const errors = {
  retry: '重试',
  saveDiagnostics: '保存诊断信息',
  includePrompts: '包含提示词',
  saved: message('已保存到 {path}'),
} as const;
