/** Each handler alone; test/e2e/borders.e2e.ts checks them in a real Electron. */
import { EventEmitter } from 'node:events';
import type { App, Session, WebContents } from './electron-api';
import { describe, expect, test } from 'vitest';
import { closeBorders, closeNetwork, denyEverythingElse } from './security';

type Handler = (...args: readonly unknown[]) => unknown;

/** Records registrations: handlers by the name of their setter, listeners by their event. */
function recorder() {
  const handlers = new Map<string, Handler>();
  const events = new EventEmitter();
  const set =
    (name: string) =>
    (handler: Handler): void =>
      void handlers.set(name, handler);
  const target = {
    on: events.on.bind(events),
    webRequest: { onBeforeRequest: set('request') },
    setPermissionRequestHandler: set('permissionRequest'),
    setPermissionCheckHandler: set('permissionCheck'),
    setDevicePermissionHandler: set('device'),
    setWindowOpenHandler: set('windowOpen'),
    setWebRTCIPHandlingPolicy: (policy: string) => void handlers.set('webRtc', () => policy),
  };
  const isPrevented = (name: string): boolean => {
    let prevented = false;
    events.emit(name, { preventDefault: () => (prevented = true) });
    return prevented;
  };
  return { target, isPrevented, call: (name: string, ...args: unknown[]) => handlers.get(name)?.(...args) };
}

function closedSession({ isPackaged = false } = {}) {
  const recorded = recorder();
  denyEverythingElse(recorded.target as unknown as Session, { isPackaged });
  return recorded;
}

describe('a session', () => {
  test.each(['media', 'geolocation', 'notifications', 'clipboard-read', 'hid', 'serial', 'usb', 'openExternal'])(
    'grants no %s',
    (permission) => {
      const { call } = closedSession();
      let granted: unknown;
      call('permissionRequest', null, permission, (answer: unknown) => (granted = answer));
      expect(granted).toBe(false);
      expect(call('permissionCheck', null, permission)).toBe(false);
    },
  );

  test.each(['hid', 'serial', 'usb'])('offers no %s device', (deviceType) => {
    expect(closedSession().call('device', { deviceType, origin: 'app://splitreel', device: {} })).toBe(false);
  });

  test('shows the player in full screen', () => {
    expect(closedSession().call('permissionCheck', null, 'fullscreen')).toBe(true);
  });

  test.each([
    ['app://splitreel/index.html', false, false],
    ['app://splitreel.evil/index.html', false, true],
    ['https://huggingface.co/', false, true],
    ['http://127.0.0.1:80/', false, true],
    ['file:///etc/passwd', false, true],
    ['devtools://devtools/bundled/inspector.html', false, false],
    ['devtools://devtools/bundled/inspector.html', true, true],
  ])('request %s, packaged %s: canceled %s', (url, isPackaged, cancel) => {
    let decided: unknown;
    closedSession({ isPackaged }).call('request', { url }, (decision: unknown) => (decided = decision));
    expect(decided).toEqual({ cancel });
  });

  test('saves no download', () => {
    expect(closedSession().isPrevented('will-download')).toBe(true);
  });
});

describe('a page', () => {
  const closed = () => {
    const recorded = recorder();
    closeBorders(recorded.target as unknown as WebContents);
    return recorded;
  };

  test.each(['will-navigate', 'will-redirect', 'will-frame-navigate', 'will-attach-webview'])(
    '%s is prevented',
    (event) => {
      expect(closed().isPrevented(event)).toBe(true);
    },
  );

  test('opens no window and sends no packet past a proxy', () => {
    const { call } = closed();
    expect(call('windowOpen', { url: 'https://example.com/' })).toEqual({ action: 'deny' });
    expect(call('webRtc')).toBe('disable_non_proxied_udp');
  });
});

test('no host name can be resolved', () => {
  const switches: string[][] = [];
  const commandLine = { appendSwitch: (...given: string[]) => void switches.push(given) };
  closeNetwork({ commandLine } as unknown as App);
  expect(switches).toEqual([['host-resolver-rules', 'MAP * ~NOTFOUND']]);
});
