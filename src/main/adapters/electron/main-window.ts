/** The one window: created, restored to its bounds, shown when it has painted, reloaded when its page crashes. */
import { BrowserWindow, Menu, screen } from './electron-api';
import { currentLanguage } from '../../../shared/language';
import { windowUrl } from '../../../shared/urls';
import type { Clock } from '../../ports/clock';
import type { Log } from '../../ports/log';
import type { JsonStore } from '../../state/json-store';
import { contextMenu } from '../../window/context-menu';
import { fitToScreens, frameOffset, MIN_HEIGHT, MIN_WIDTH, type WindowState } from '../../window/window-state';
import { fittingZoom, zoomAfter, zoomKey } from '../../window/zoom';

/** More crashes than this within a minute count as a crash loop. */
const MAX_RELOADS_PER_MINUTE = 3;

export interface MainWindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly state: JsonStore<WindowState>;
  readonly log: Log;
  readonly clock: Clock;
  /** Asks whether the window may close; it stays open until this allows it. */
  readonly mayClose: () => boolean;
  readonly onCloseRefused: () => void;
  readonly onPageGone: () => void;
}

export function createMainWindow(options: MainWindowOptions): BrowserWindow {
  const areas = screen.getAllDisplays().map((display) => display.workArea);
  const bounds = fitToScreens(options.state.value(), areas);
  const window = new BrowserWindow({
    width: bounds.width,
    height: bounds.height,
    ...(bounds.x === null || bounds.y === null ? {} : { x: bounds.x, y: bounds.y }),
    minWidth: MIN_WIDTH,
    minHeight: MIN_HEIGHT,
    show: false,
    autoHideMenuBar: true,
    title: 'Splitreel',
    icon: options.icon,
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      // Chromium would download its dictionaries from the network.
      spellcheck: false,
    },
  });
  if (bounds.isMaximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  rememberBounds(window, bounds, options);
  zoomByKeys(window, options);
  reloadAfterCrash(window, options);
  window.webContents.on('context-menu', (_event, params) => {
    const items = contextMenu(params);
    if (items.length > 0) Menu.buildFromTemplate(items.map((item) => ({ ...item }))).popup({ window });
  });
  window.on('close', (event) => {
    if (options.mayClose()) return;
    event.preventDefault();
    options.onCloseRefused();
  });
  window
    .loadURL(windowUrl(currentLanguage()))
    .catch((error: unknown) => options.log.error('the window could not be loaded', error));
  return window;
}

/** A window manager has drawn its frame by then. */
const SETTLED_MS = 1_000;

function rememberBounds(window: BrowserWindow, requested: WindowState, { state, log, clock }: MainWindowOptions): void {
  let offset = { x: 0, y: 0 };
  window.once('show', () => {
    clock.after(SETTLED_MS, () => {
      if (!window.isDestroyed()) offset = frameOffset(requested, window.getNormalBounds());
    });
  });
  const save = (): void => {
    if (window.isDestroyed() || window.isMinimized() || window.isFullScreen()) return;
    const bounds = window.getNormalBounds();
    const { width, height } = bounds;
    const [x, y] = [bounds.x - offset.x, bounds.y - offset.y];
    state
      .save({ ...state.value(), x, y, width, height, isMaximized: window.isMaximized() })
      .catch((error: unknown) => log.error('the bounds of the window could not be saved', error));
  };
  window.on('resized', save);
  window.on('moved', save);
  window.on('maximize', save);
  window.on('unmaximize', save);
  // Linux sends no `resized` and `moved`: the bounds are read again when the window closes.
  window.on('close', save);
}

/** Without an application menu, Electron has no keys for it. */
function zoomByKeys(window: BrowserWindow, { state, log }: MainWindowOptions): void {
  const { webContents } = window;
  const size = () => {
    const [width = 0, height = 0] = window.getContentSize();
    return { width, height };
  };
  let { zoom } = state.value();
  const apply = (): void => webContents.setZoomFactor(fittingZoom(zoom, size()));
  webContents.on('before-input-event', (event, input) => {
    const change = zoomKey(input);
    if (change === null) return;
    event.preventDefault();
    zoom = zoomAfter(change, zoom, size());
    apply();
    state.save({ ...state.value(), zoom }).catch((error: unknown) => log.error('the zoom could not be saved', error));
  });
  webContents.on('did-finish-load', apply);
  window.on('resize', apply);
}

function reloadAfterCrash(window: BrowserWindow, { log, onPageGone }: MainWindowOptions): void {
  let reloads: number[] = [];
  window.webContents.on('render-process-gone', (_event, details) => {
    log.error(`the page ended: ${details.reason} (${String(details.exitCode)})`);
    onPageGone();
    const now = performance.now();
    reloads = [...reloads.filter((at) => now - at < 60_000), now];
    if (window.isDestroyed() || details.reason === 'clean-exit') return;
    if (reloads.length <= MAX_RELOADS_PER_MINUTE) window.webContents.reload();
  });
}
