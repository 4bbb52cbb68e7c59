import { messagesIn, type Translation } from '../../shared/message';
import type { copy as english } from './en';

const message = messagesIn('zh-CN');

export const copy = {
  cannotStart: 'Splitreel 无法启动',
  cancel: '取消',
  quit: {
    message: '正在生成视频。',
    detail: '现在退出会中止生成。任务会留在队列中，之后可以重新开始。',
    action: '退出',
    refusal: '继续生成',
  },
  mirror: {
    message: message('从 {address} 下载模型？'),
    detail: '镜像能看到你下载了哪些模型。请只使用你信任的镜像。',
    action: '使用此镜像',
  },
  feed: {
    message: message('向 {address} 查询新版本？'),
    detail: '来自该处的公告仍须带有此构建密钥的签名。',
    action: '使用此更新源',
  },
  token: {
    message: message('将你的 Hugging Face 令牌发送给 {address}？'),
    detail: '镜像的运营者将能以你的账号进行操作。',
    action: '发送令牌',
  },
  rewriter: {
    command: {
      message: '使用此命令改写提示词？',
      detail: message('{command}\n\n每次按“改写”时，Splitreel 会运行该命令，并将提示词传给它。'),
      action: '使用此命令',
    },
    endpoint: {
      message: message('将提示词发送给 {host} 进行改写？'),
      localDetail: '该服务器运行在这台电脑上。每次按“改写”时会发送一条提示词。',
      remoteDetail: message('每次按“改写”时，你的提示词会发送给 {host}。服务器的运营者可以读到它。'),
      action: '使用此服务器',
    },
  },
  notification: {
    ready: message('{count, plural, =1 {视频已生成} other {# 个视频已生成}}'),
    failed: '视频生成失败',
    reason: message('{prompt}：{reason}'),
  },
  files: {
    image: '图片',
    video: '视频',
    lora: 'LoRA',
    archive: 'ZIP 文件',
    presets: '预设',
    prompts: '文本文件',
    diagnostics: '压缩包',
    h264: 'MP4 (H.264)',
    hevc: 'MP4 (HEVC)',
    webm: 'WebM',
    prores: 'QuickTime (ProRes)',
    gif: 'GIF',
    webp: 'WebP',
    frames: 'PNG 文件夹',
    frame: 'PNG',
  },
  edit: {
    undo: '撤销',
    redo: '重做',
    cut: '剪切',
    copy: '复制',
    paste: '粘贴',
    selectAll: '全选',
  },
  fault: {
    changed: message('{file} 在安装后被改动。请重新安装 Splitreel；视频、模型和设置会保留。'),
    missing: message('{file} 缺失。请重新安装 Splitreel；视频、模型和设置会保留。'),
    added: message('{file} 不属于此版本。请重新安装 Splitreel；视频、模型和设置会保留。'),
  },
} as const satisfies Translation<typeof english>;
