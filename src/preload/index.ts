/** Gives the page the functions of the contract by name, with answers as text (shared/texts.ts), and nothing of Electron's. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { CallName, SplitreelBridge } from '../shared/ipc';
import { BRIDGE_NAME, CALL_CHANNEL, CHANGE_STREAM, TEXT_CHANNEL } from '../shared/channels';
import type { Texts } from '../shared/texts';

/** The keys of the contract's table, by hand so that zod stays out of the preload; the type makes them exactly those. */
const CALLS: Readonly<Record<CallName, true>> = {
  getSnapshot: true,
  updateSettings: true,
  setMirror: true,
  setSendTokenToMirror: true,
  setUpdateFeed: true,
  checkForUpdates: true,
  openUpdatePage: true,
  chooseVideosFolder: true,
  chooseImage: true,
  chooseLora: true,
  watchMachine: true,
  refreshMachine: true,
  installEnvironment: true,
  estimateInstall: true,
  installFromFolder: true,
  installFromArchive: true,
  chooseInstallFolder: true,
  runDoctor: true,
  measureStorage: true,
  removeStorage: true,
  moveStorage: true,
  cancelMove: true,
  cancelInstall: true,
  rollBackEnvironment: true,
  removeEnvironment: true,
  addModelFolder: true,
  forgetModel: true,
  recheckModel: true,
  inspectDownload: true,
  downloadModel: true,
  pauseDownload: true,
  discardDownload: true,
  verifyModel: true,
  removeModel: true,
  showModelInFolder: true,
  openModelPage: true,
  moveModelsFolder: true,
  signIn: true,
  signOut: true,
  countTokens: true,
  enqueueJobs: true,
  cancelJob: true,
  retryJob: true,
  removeJob: true,
  moveJob: true,
  pauseQueue: true,
  unloadEngine: true,
  discardVideos: true,
  restoreVideos: true,
  saveVideoFrame: true,
  markVideos: true,
  exportVideo: true,
  exportVideos: true,
  cancelExport: true,
  saveVideoAs: true,
  showVideoInFolder: true,
  dragVideos: true,
  openVideoFile: true,
  readVideoSettings: true,
  rememberPrompt: true,
  forgetPrompt: true,
  savePreset: true,
  removePreset: true,
  exportPresets: true,
  importPresets: true,
  readPromptFile: true,
  setRewriter: true,
  setRewriterKey: true,
  rewritePrompt: true,
  cancelRewrite: true,
  saveDiagnostics: true,
  readLogTail: true,
  openLogsFolder: true,
  readNotices: true,
  showBillOfMaterials: true,
  openLink: true,
  copyText: true,
  dismissNotice: true,
};

type CallFunctions = Omit<SplitreelBridge, 'onSliceChanged' | 'pathOfDroppedFile'>;

/** What to do with the texts of a stream once they are all there. */
const listeners = new Map<string, (texts: Texts) => void>();
const partial = new Map<string, string[]>();

ipcRenderer.on(TEXT_CHANNEL, (_event, stream: string, index: number, text: string, isLast: boolean) => {
  const listener = listeners.get(stream);
  const texts = index === 0 ? [] : partial.get(stream);
  // The rest of what main began to send to the page before a reload.
  if (listener === undefined || texts?.length !== index) return;
  texts.push(text);
  if (isLast) partial.delete(stream);
  else partial.set(stream, texts);
  if (isLast) listener(texts);
});

async function call(name: string, input: unknown): Promise<Texts> {
  const stream = crypto.randomUUID();
  const long = new Promise<Texts>((resolve) => listeners.set(stream, resolve));
  try {
    const short = (await ipcRenderer.invoke(CALL_CHANNEL, stream, name, input)) as Texts | null;
    return short ?? (await long);
  } finally {
    listeners.delete(stream);
  }
}

const callFunctions = Object.fromEntries(
  Object.keys(CALLS).map((name) => [name, (input?: unknown) => call(name, input)]),
) as unknown as CallFunctions;

const changeListeners = new Set<(change: Texts) => void>();
listeners.set(CHANGE_STREAM, (change) => changeListeners.forEach((listener) => listener(change)));

const bridge: SplitreelBridge = {
  ...callFunctions,
  onSliceChanged: (listener) => {
    changeListeners.add(listener);
    return () => {
      changeListeners.delete(listener);
    };
  },
  // What arrives is the page's File; the contract names only what both sides can type.
  pathOfDroppedFile: (file) => webUtils.getPathForFile(file as File),
};

contextBridge.exposeInMainWorld(BRIDGE_NAME, bridge);
