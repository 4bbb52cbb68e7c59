/** Gives the page the functions of the contract by name, with answers as text (shared/texts.ts), and nothing of Electron's. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { CallName, SplitreelBridge } from '../shared/ipc';
import { BRIDGE_NAME, CALL_CHANNEL, CHANGE_CHANNEL } from '../shared/channels';
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
  lookAtModel: true,
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

const callFunctions = Object.fromEntries(
  Object.keys(CALLS).map((name) => [name, (input?: unknown) => ipcRenderer.invoke(CALL_CHANNEL, name, input)]),
) as unknown as CallFunctions;

const bridge: SplitreelBridge = {
  ...callFunctions,
  onSliceChanged: (listener) => {
    const receive = (_event: unknown, change: Texts): void => listener(change);
    ipcRenderer.on(CHANGE_CHANNEL, receive);
    return () => {
      ipcRenderer.removeListener(CHANGE_CHANNEL, receive);
    };
  },
  // What arrives is the page's File; the contract names only what both sides can type.
  pathOfDroppedFile: (file) => webUtils.getPathForFile(file as File),
};

contextBridge.exposeInMainWorld(BRIDGE_NAME, bridge);
