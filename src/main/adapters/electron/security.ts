/** What no page of ours may do, whatever it is made to ask for. Electron's security checklist, points 5 and 11 to 14. */
import type { App, Session, WebContents } from './electron-api';
import { APP_ORIGIN } from '../../../shared/urls';

/** The player's full screen is the one permission that the window needs; it shows nothing and reads nothing. */
const ALLOWED_PERMISSION = 'fullscreen';

export function denyEverythingElse(session: Session, { isPackaged }: Pick<App, 'isPackaged'>): void {
  session.setPermissionRequestHandler((_contents, permission, decide) => decide(permission === ALLOWED_PERMISSION));
  session.setPermissionCheckHandler((_contents, permission) => permission === ALLOWED_PERMISSION);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((details, decide) => {
    const isOurs = details.url.startsWith(`${APP_ORIGIN}/`) || (!isPackaged && details.url.startsWith('devtools://'));
    decide({ cancel: !isOurs });
  });
  // A download would be a file that nobody chose a place for.
  session.on('will-download', (event) => event.preventDefault());
}

/** Chromium itself connects to nothing: names lead nowhere, not even those that a page asks to look up in advance. */
export function closeNetwork({ commandLine }: Pick<App, 'commandLine'>): void {
  commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
}

export function closeBorders(contents: WebContents): void {
  // WebRTC is no request that webRequest sees; without a proxy it finds no way out.
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
