/** Texts of the main process: dialogs, notifications, the context menu. */
import { messagesIn } from '../../shared/message';

const message = messagesIn('en');

export const copy = {
  cannotStart: "Splitreel can't start",
  cancel: 'Cancel',
  quit: {
    message: 'A video is being generated.',
    detail: 'If you quit now, the video is interrupted. It stays in the queue, so you can start it again.',
    action: 'Quit',
    refusal: 'Keep generating',
  },
  mirror: {
    message: message('Download models from {address}?'),
    detail: 'A mirror can see which models you download. Only use one you trust.',
    action: 'Use this mirror',
  },
  feed: {
    message: message('Ask {address} for new versions?'),
    detail: "Announcements from there must still be signed with this build's key.",
    action: 'Use this feed',
  },
  token: {
    message: message('Send your Hugging Face token to {address}?'),
    detail: 'Whoever runs the mirror can then use your account.',
    action: 'Send the token',
  },
  rewriter: {
    command: {
      message: 'Use this command to rewrite prompts?',
      detail: message('{command}\n\nSplitreel runs it each time you press Rewrite, and gives it your prompt.'),
      action: 'Use this command',
    },
    endpoint: {
      message: message('Send prompts to {host} for rewriting?'),
      localDetail: 'The server runs on this computer. A prompt is sent each time you press Rewrite.',
      remoteDetail: message(
        'Your prompt is sent to {host} each time you press Rewrite. Whoever runs the server can read it.',
      ),
      action: 'Use this server',
    },
  },
  notification: {
    ready: message('{count, plural, =1 {Your video is ready} other {# videos are ready}}'),
    failed: "A video couldn't be generated",
    reason: message('{prompt}: {reason}'),
  },
  /** Groups of files in the system's file dialogs. */
  files: {
    image: 'Images',
    video: 'Videos',
    lora: 'LoRA',
    archive: 'Zip files',
    presets: 'Presets',
    prompts: 'Text files',
    diagnostics: 'Archives',
    h264: 'MP4 (H.264)',
    hevc: 'MP4 (HEVC)',
    webm: 'WebM',
    prores: 'QuickTime (ProRes)',
    gif: 'GIF',
    webp: 'WebP',
    frames: 'Folder of PNG files',
    frame: 'PNG',
  },
  edit: {
    undo: 'Undo',
    redo: 'Redo',
    cut: 'Cut',
    copy: 'Copy',
    paste: 'Paste',
    selectAll: 'Select all',
  },
  /** An installed file that differs from the package. */
  fault: {
    changed: message(
      '{file} was changed after the installation. Reinstall Splitreel; your videos, models and settings stay.',
    ),
    missing: message('{file} is missing. Reinstall Splitreel; your videos, models and settings stay.'),
    added: message(
      "{file} doesn't belong to this version. Reinstall Splitreel; your videos, models and settings stay.",
    ),
  },
} as const;
