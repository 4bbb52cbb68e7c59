/**
 * Every part of Electron that the main process uses, and how each has changed from 22, the fallback runtime of test
 * machines, to 45, which people get. Nothing else imports Electron (eslint.config.ts; the preload has its own), so a
 * difference between the two has one place to be looked up. Sources: Electron's breaking-changes.md and the types of
 * both versions. What 22 lacks is filled in by scripts/runtime/.
 */
export {
  /**
   * What is used is unchanged. The switch `host-resolver-rules` stays; 39 deprecates `host-rules`, which is not used. In
   * a Wayland session newer versions run on Wayland by themselves, where a window cannot learn or choose its position.
   */
  app,
  /**
   * The options that are used are unchanged; `sandbox` and `contextIsolation` have been the default since 20 and 12 and
   * are set all the same. 22 has no `will-frame-navigate`, which came with 25, so frames are stopped by the policy alone
   * there. Linux has never sent `resized` and `moved`.
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
  /** `protocol.handle` came with 25, which deprecated `registerStreamProtocol`; in 22 the one is made from the other. */
  protocol,
  /** 22 has only the synchronous functions and never keeps a token; 45 deprecates those in favor of the asynchronous. */
  safeStorage,
  /** On Wayland, the work areas are those of the compositor. */
  screen,
  /**
   * The permission handlers get new names of permissions with nearly every version: ours allow one and deny all others.
   * 35 deprecates `setPreloads`, which only the fallback uses.
   */
  session,
  /** `openExternal`, `openPath`, `showItemInFolder` and `trashItem` are unchanged. */
  shell,
} from 'electron';
export type { App, OpenDialogOptions, Session, WebContents } from 'electron';
