/**
 * Denies our pages everything they don't need, even if they are compromised. Electron's security checklist, points 5
 * and 11 to 14.
 */
import type { App, Session, WebContents } from './electron-api';
import { APP_ORIGIN } from '../../../shared/urls';

/** The window needs only one permission, full screen for the player, which exposes no data. */
const ALLOWED_PERMISSION = 'fullscreen';

export function denyEverythingElse(session: Session, { isPackaged }: Pick<App, 'isPackaged'>): void {
  session.setPermissionRequestHandler((_contents, permission, decide) => decide(permission === ALLOWED_PERMISSION));
  session.setPermissionCheckHandler((_contents, permission) => permission === ALLOWED_PERMISSION);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((details, decide) => {
    const isOurs = details.url.startsWith(`${APP_ORIGIN}/`) || (!isPackaged && details.url.startsWith('devtools://'));
    decide({ cancel: !isOurs });
  });
  // A download would create a file at a location that the user didn't choose.
  session.on('will-download', (event) => event.preventDefault());
}

/** Chromium makes no connections: no host name can be resolved, not even by a prefetch. */
export function closeNetwork({ commandLine }: Pick<App, 'commandLine'>): void {
  commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
}

export function closeBorders(contents: WebContents): void {
  // webRequest doesn't see WebRTC traffic; this policy blocks it, because there is no proxy.
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
