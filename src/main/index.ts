/** Starts Electron and hands its parts to the services. Composes; decides nothing else. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { CALL_CHANNEL, CHANGE_STREAM } from '../shared/channels';
import { describeError, type AppError } from '../shared/errors';
import { languageFor, setLanguage } from '../shared/language';
import { toTexts, type Texts } from '../shared/texts';
import { windowUrl } from '../shared/urls';
import { DATA_FOLDER } from '../shared/variables';
import {
  app,
  type BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  powerMonitor,
  session,
} from './adapters/electron/electron-api';
import { createDesktop } from './adapters/electron/desktop';
import { createMainWindow } from './adapters/electron/main-window';
import { electronSecrets } from './adapters/electron/secrets';
import { handleAppScheme, registerAppScheme } from './adapters/electron/protocol';
import { rawFiles } from './adapters/electron/raw-files';
import { closeBorders, closeNetwork, denyEverythingElse } from './adapters/electron/security';
import { makeThumbnail } from './adapters/electron/thumbnailer';
import { nodeClock } from './adapters/node/clock';
import { nodeFiles } from './adapters/node/files';
import { makePrivateFolder, makeThrowawayFolder, readTextNow, removeFolder } from './adapters/node/private-folder';
import { nodeProcesses } from './adapters/node/processes';
import { nodeRandom } from './adapters/node/random';
import { hasNvidiaCard, readSystem } from './adapters/node/system';
import { createWeb } from './adapters/node/web';
import { mainCopy } from './copy';
import { cacheRoot, dataFolders, dataRoot } from './data-folder';
import { commandIn, runCommand } from './packaged/command';
import { checkManifest, describeFault } from './packaged/manifest';
import { openRunningCopy } from './packaged/running-copy';
import { createRouter } from './ipc/router';
import { createTextSender, sendTexts } from './ipc/text-sender';
import { openApp, type App, type AppOptions } from './compose/app';
import { dataFolderError, refusalOfData } from './state/data-format';
import { openJsonStore } from './state/json-store';
import { refusedSwitch } from './window/debug-switches';
import { DEFAULT_WINDOW_STATE, windowStateSchema } from './window/window-state';

const { env, platform, arch } = process;
const home = app.getPath('home');
const root = dataRoot({ home, env });
const folders = dataFolders(root);
let window: BrowserWindow | null = null;
let opened: App | null = null;
/** Set once quitting can no longer do harm. */
let mayLeave = false;

function main(): void {
  const args = app.isPackaged ? commandIn(process.argv) : null;
  if (args !== null)
    runCommand(args, {
      appFolder: process.resourcesPath,
      version: app.getVersion(),
      polyfill: env['SPLITREEL_POLYFILL'],
      onFailedStart: (message) => console.error(message),
    });
  if (app.isPackaged && app.commandLine.hasSwitch('no-sandbox')) {
    console.error("Splitreel doesn't open its window without the sandbox.");
    app.exit(2);
    return;
  }
  const refused = refusedSwitch({ argv: process.argv, env, isPackaged: app.isPackaged });
  if (refused !== null) {
    console.error(`Splitreel doesn't start with ${refused}.`);
    app.exit(2);
    return;
  }
  const problem = prepareDataFolder();
  if (problem !== null) {
    refuseToStart(() => {
      const { message, action } = describeError(problem);
      return `${message} ${action}`;
    });
    return;
  }
  app.setPath('userData', folders.profile);
  app.setPath('sessionData', folders.profile);
  if (!app.requestSingleInstanceLock()) {
    app.exit(0);
    return;
  }
  registerAppScheme();
  closeNetwork(app);
  // Chromium has no sandbox for root and starts only with --no-sandbox, which enableSandbox would undo.
  if (process.getuid?.() !== 0) app.enableSandbox();
  app.on('web-contents-created', (_event, contents) => closeBorders(contents));
  app.on('second-instance', () => {
    if (window?.isMinimized() === true) window.restore();
    window?.focus();
  });
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', (event) => {
    if (mayLeave) return;
    event.preventDefault();
    void leave();
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void leave({ asks: false }));
  void app
    .whenReady()
    .then(start)
    .catch((error: unknown) => {
      console.error("Splitreel couldn't start:", error);
      app.exit(1);
    });
}

/** Why the data folder can't be used; null if it exists and is writable. */
function prepareDataFolder(): AppError | null {
  // First, because everything that follows writes to disk.
  const refusal = refusalOfData(readTextNow(folders.formatFile), root);
  if (refusal !== null) return refusal;
  try {
    makePrivateFolder(root);
    makePrivateFolder(folders.profile);
    return null;
  } catch (error) {
    return dataFolderError(error, root);
  }
}

/**
 * Before Electron is ready a dialog is only a line on stderr, so this waits. Chromium creates its profile by then: in a
 * temporary folder, because the data folder must stay untouched.
 */
function refuseToStart(message: () => string): void {
  console.error(message());
  const profile = makeThrowawayFolder();
  if (profile === null) {
    app.exit(1);
    return;
  }
  app.setPath('userData', profile);
  app.setPath('sessionData', profile);
  app.on('quit', () => removeFolder(profile));
  const show = (): void => {
    // The language from the settings can't be read here.
    setLanguage(languageFor('system', systemLanguages()));
    dialog.showErrorBox(mainCopy().cannotStart, message());
    app.exit(1);
  };
  void app.whenReady().then(show, () => app.exit(1));
}

async function start(): Promise<void> {
  const fault = app.isPackaged ? await checkManifest(rawFiles, process.resourcesPath) : null;
  if (fault !== null) {
    refuseToStart(() => describeFault(fault, process.resourcesPath));
    return;
  }
  Menu.setApplicationMenu(null);
  denyEverythingElse(session.defaultSession, app);
  const base = app.isPackaged ? await runningCopy() : realpathSync(app.getAppPath());
  const resources = path.join(base, 'resources');
  const icon = path.join(resources, 'icons', 'icon.png');
  const desktop = createDesktop(() => window, icon);
  const ports = {
    files: nodeFiles,
    clock: nodeClock,
    random: nodeRandom,
    processes: nodeProcesses,
    desktop,
    secrets: electronSecrets,
    readSystem,
    hasNvidiaCard,
    makeThumbnail,
    web: createWeb(),
  };
  const created = await openApp(ports, appOptions(base, resources));
  opened = created;
  handleAppScheme({ ...created.appFiles, windowFolder: path.join(app.getAppPath(), 'out', 'renderer') }, created.log);
  connect(created);
  const state = await openJsonStore(ports, {
    file: folders.windowFile,
    schema: windowStateSchema,
    fallback: DEFAULT_WINDOW_STATE,
  });
  created.notify(state.problem);
  window = createMainWindow({
    preload: path.join(app.getAppPath(), 'out', 'preload', 'index.cjs'),
    icon,
    state,
    log: created.log,
    clock: nodeClock,
    mayClose: () => mayLeave || !created.isBusy(),
    onCloseRefused: () => void leave(),
    onPageGone: created.windowGone,
  });
  window.on('focus', created.windowFocused);
  window.on('closed', () => {
    window = null;
  });
  created.onLanguageChanged((language) => {
    window
      ?.loadURL(windowUrl(language, 'settings'))
      .catch((error: unknown) => created.log.error('the window could not be loaded again', error));
  });
  powerMonitor.on('suspend', () => created.log.info('the computer goes to sleep'));
  powerMonitor.on('resume', () => created.log.info('the computer is awake again'));
  await created.begin();
}

/** On a full disk the app uses the installed files directly; only an upgrade could then disturb a job. */
async function runningCopy(): Promise<string> {
  const installed = process.resourcesPath;
  try {
    return await openRunningCopy({ files: nodeFiles, rawFiles }, { installed, versions: folders.versions });
  } catch (error) {
    console.error("The files of this version couldn't be copied:", error);
    return installed;
  }
}

function connect(created: App): void {
  const router = createRouter({
    handlers: created.calls,
    windowId: () => (window === null || window.isDestroyed() ? null : window.webContents.id),
    log: created.log,
  });
  // A short answer returns directly; a long one follows in its stream.
  ipcMain.handle(CALL_CHANNEL, async (event, stream: unknown, name: unknown, input: unknown): Promise<Texts | null> => {
    const frame = event.senderFrame;
    const sender = {
      webContentsId: event.sender.id,
      frame: frame === null ? null : { url: frame.url, isMainFrame: frame.parent === null },
    };
    const texts = await toTexts(await router(sender, name, input), setImmediate);
    if (texts.length === 1) return texts;
    await sendTexts(event.sender, String(stream), texts);
    return null;
  });
  const sendChange = createTextSender(
    () => (window === null || window.isDestroyed() ? null : window.webContents),
    CHANGE_STREAM,
  );
  created.store.subscribe((change) => void sendChange(toTexts(change, setImmediate)));
}

function appOptions(base: string, resourcesFolder: string): AppOptions {
  return {
    dataRoot: root,
    cacheFolder: cacheRoot({ home, env }),
    pythonFolder: path.join(base, 'python'),
    uvProgram: app.isPackaged ? path.join(process.resourcesPath, 'uv', 'uv') : null,
    resourcesFolder,
    noticesFolder: app.isPackaged ? path.join(process.resourcesPath, 'notices') : null,
    defaultVideosFolder: defaultVideosFolder(),
    home,
    env,
    systemLanguages: systemLanguages(),
    pid: process.pid,
    platform,
    arch,
    about: {
      version: app.getVersion(),
      electron: process.versions.electron,
      chromium: process.versions.chrome,
      runtime: {
        kind: env['SPLITREEL_RUNTIME'] === 'fallback' ? 'fallback' : 'official',
        note: env['SPLITREEL_RUNTIME_NOTE'] ?? '',
      },
      platform: `${platform}-${arch}`,
      isPackaged: app.isPackaged,
    },
  };
}

/** Known once Electron is ready. */
const systemLanguages = (): readonly string[] => [...app.getPreferredSystemLanguages(), app.getLocale()];

function defaultVideosFolder(): string {
  // An explicitly chosen data folder is independent of others: a test or a second installation.
  if (env[DATA_FOLDER] !== undefined) return path.join(root, 'videos');
  try {
    return path.join(app.getPath('videos'), 'Splitreel');
  } catch {
    return path.join(root, 'videos');
  }
}

let leaving: Promise<void> | null = null;

/** Asks if a job is running, ends the worker with all its ranks, then quits. A second call waits for the first. */
function leave({ asks = true } = {}): Promise<void> {
  leaving ??= (async () => {
    if (asks && opened?.isBusy() === true && !(await opened.confirmQuit())) {
      leaving = null;
      return;
    }
    await opened?.close().catch((error: unknown) => console.error("Splitreel didn't shut down cleanly:", error));
    mayLeave = true;
    app.quit();
  })();
  return leaving;
}

main();
