/** The system's notifications, for the specs. */
import type { ElectronApplication } from '@playwright/test';

interface Shown {
  readonly title: string;
  readonly body: string;
}

/** No notification daemon runs here: records each notification that listens for clicks, so that the test can click it. */
export const watchNotifications = (app: ElectronApplication): Promise<void> =>
  app.evaluate(({ Notification, BrowserWindow }) => {
    const shown: NodeJS.EventEmitter[] = [];
    Object.assign(globalThis, { shown });
    Notification.isSupported = () => true;
    // Every emitter of the main process inherits from the one that `process` does.
    const EventEmitter = Object.getPrototypeOf(Object.getPrototypeOf(process)) as NodeJS.EventEmitter;
    const listen = EventEmitter.on;
    EventEmitter.on = function on(this: NodeJS.EventEmitter, name, listener) {
      if (name === 'click') shown.push(this);
      return listen.call(this, name, listener);
    };
    for (const window of BrowserWindow.getAllWindows()) window.isFocused = () => false;
  });

export const notifications = (app: ElectronApplication): Promise<readonly Shown[]> =>
  app.evaluate(() => (globalThis as unknown as { shown: Shown[] }).shown.map(({ title, body }) => ({ title, body })));

/** Clicks the notification that was shown as the n-th, counted from 0. */
export const clickNotification = (app: ElectronApplication, index: number): Promise<void> =>
  app.evaluate((_, at) => {
    (globalThis as unknown as { shown: NodeJS.EventEmitter[] }).shown[at]?.emit('click');
  }, index);
