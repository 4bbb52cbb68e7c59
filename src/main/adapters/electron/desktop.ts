import {
  app,
  clipboard,
  dialog,
  nativeImage,
  Notification,
  powerSaveBlocker,
  shell,
  type BrowserWindow,
  type OpenDialogOptions,
} from './electron-api';
import { mainCopy } from '../../copy';
import type { Desktop, DesktopNotification, Question } from '../../ports/desktop';
import { LINKS, modelPage } from '../../window/links';

/** Named in the copy of the main process. */
const EXTENSIONS = {
  image: ['png', 'jpg', 'jpeg', 'webp'],
  video: ['mp4'],
  lora: ['safetensors'],
  archive: ['zip'],
  presets: ['json'],
  prompts: ['txt'],
  diagnostics: ['gz'],
  h264: ['mp4'],
  hevc: ['mp4'],
  webm: ['webm'],
  prores: ['mov'],
  gif: ['gif'],
  webp: ['webp'],
  frames: ['*'],
  frame: ['png'],
} as const;
type FileKind = keyof typeof EXTENSIONS;

const filtersOf = (kind: FileKind) => [{ name: mainCopy().files[kind], extensions: [...EXTENSIONS[kind]] }];

const DRAG_ICON_WIDTH = 160;

export function createDesktop(currentWindow: () => BrowserWindow | null, fallbackIcon: string): Desktop {
  const open = async (options: OpenDialogOptions): Promise<string | null> => {
    const window = currentWindow();
    const answer =
      window === null ? await dialog.showOpenDialog(options) : await dialog.showOpenDialog(window, options);
    return answer.canceled ? null : (answer.filePaths[0] ?? null);
  };
  const ask = async ({ message, detail, action }: Question, refusal: string): Promise<boolean> => {
    const options = {
      type: 'question' as const,
      message,
      detail,
      buttons: [refusal, action],
      defaultId: 0,
      cancelId: 0,
      title: app.getName(),
    };
    const window = currentWindow();
    const answer =
      window === null ? await dialog.showMessageBox(options) : await dialog.showMessageBox(window, options);
    return answer.response === 1;
  };
  return {
    chooseFolder: () => open({ properties: ['openDirectory', 'createDirectory'] }),
    chooseFile: (kind) => open({ properties: ['openFile'], filters: filtersOf(kind) }),
    chooseSavePath: async (kind, defaultPath) => {
      const options = { defaultPath, filters: filtersOf(kind) };
      const window = currentWindow();
      const answer =
        window === null ? await dialog.showSaveDialog(options) : await dialog.showSaveDialog(window, options);
      return answer.canceled || answer.filePath === '' ? null : answer.filePath;
    },
    moveToTrash: (file) => shell.trashItem(file),
    showInFolder: (file) => shell.showItemInFolder(file),
    openFolder: async (folder) => {
      await shell.openPath(folder);
    },
    openLink: (link) => shell.openExternal(LINKS[link]),
    openModelPage: (repository) => shell.openExternal(modelPage(repository)),
    openPage: (address) => shell.openExternal(address),
    copyText: (text) => void clipboard.writeText(text),
    startDrag: (files, iconFile) => {
      const picture = nativeImage.createFromPath(iconFile);
      const icon = picture.isEmpty()
        ? nativeImage.createFromPath(fallbackIcon)
        : picture.resize({ width: DRAG_ICON_WIDTH });
      currentWindow()?.webContents.startDrag({ file: files[0] ?? '', files: [...files], icon });
    },
    notify: createNotifier(currentWindow),
    keepAwake: createWakeLock(),
    isWindowInFront: () => currentWindow()?.isFocused() ?? false,
    showProgress: (fraction) => currentWindow()?.setProgressBar(fraction ?? -1),
    confirm: (question) => ask(question, mainCopy().cancel),
    confirmQuit: () => ask(mainCopy().quit, mainCopy().quit.refusal),
  };
}

/**
 * Notifications that may still be clicked. Without a reference they are garbage-collected and lose their click handler.
 */
function createNotifier(currentWindow: () => BrowserWindow | null): Desktop['notify'] {
  const open = new Set<Notification>();
  return ({ title, body, onClick }: DesktopNotification) => {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body });
    open.add(notification);
    notification.on('close', () => open.delete(notification));
    notification.on('click', () => {
      open.delete(notification);
      const window = currentWindow();
      if (window?.isMinimized() === true) window.restore();
      window?.show();
      window?.focus();
      onClick();
    });
    notification.show();
  };
}

function createWakeLock(): Desktop['keepAwake'] {
  let blocker: number | null = null;
  return (isOn) => {
    if (isOn === (blocker !== null)) return;
    if (blocker === null) blocker = powerSaveBlocker.start('prevent-app-suspension');
    else {
      powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  };
}
