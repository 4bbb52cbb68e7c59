/**
 * Every part of Electron that the main process uses, and how each has changed from 22, the fallback runtime of test
 * machines, to 45, which users get. Nothing else imports Electron (eslint.config.ts; the preload has its own), so every
 * difference between the two is documented here. Sources: Electron's breaking-changes.md and the types of both
 * versions. What 22 lacks is filled in by scripts/runtime/.
 */
export {
  /**
   * The parts used here are unchanged. The switch `host-resolver-rules` stays; 39 deprecates `host-rules`, which is not
   * used. In a Wayland session newer versions use Wayland by default, where a window can neither read nor set its
   * position.
   */
  app,
  /**
   * The options used here are unchanged; `sandbox` and `contextIsolation` have been the default since 20 and 12 but are
   * set explicitly. 22 has no `will-frame-navigate`, which came with 25, so there only the content security policy
   * stops frames. Linux has never sent `resized` and `moved`.
   */
  BrowserWindow,
  /** Main process only, as 40 asks for. */
  clipboard,
  /**
   * Before `ready`, `showErrorBox` only prints on Linux. From 35 on, `defaultPath` works there only with version 4 of
   * the desktop's file portal, and is ignored by older ones.
   */
  dialog,
  /** `event.senderFrame` is null for a frame that no longer exists; the types of 22 leave that out. */
  ipcMain,
  /** Unchanged. */
  Menu,
  /** Unchanged. */
  nativeImage,
  /** Unchanged. */
  Notification,
  /** `suspend` and `resume` are unchanged. */
  powerMonitor,
  /** Unchanged: `prevent-app-suspension` keeps the computer awake and lets the screen sleep. */
  powerSaveBlocker,
  /** `protocol.handle` came with 25, which deprecated `registerStreamProtocol`; on 22 it is built on that. */
  protocol,
  /**
   * 22 has only the synchronous functions and never stores a token; 45 deprecates them in favor of the asynchronous
   * ones.
   */
  safeStorage,
  /** On Wayland, the compositor reports the work areas. */
  screen,
  /**
   * Nearly every version adds permission names: our handlers allow one permission and deny all others. 35 deprecates
   * `setPreloads`, which only the fallback uses.
   */
  session,
  /** `openExternal`, `openPath`, `showItemInFolder` and `trashItem` are unchanged. */
  shell,
} from 'electron';
export type { App, OpenDialogOptions, Session, WebContents } from 'electron';
