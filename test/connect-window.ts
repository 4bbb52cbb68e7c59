import { onTestFinished } from 'vitest';
import { connectProjection } from '../src/renderer/state/projection';
import type { FakeMain } from './fakes/main-process';

/** Connects the window's stores to a fake main process until the test ends. */
export function connectWindow({ api }: Pick<FakeMain, 'api'>): void {
  Object.defineProperty(window, 'splitreel', { value: api, configurable: true, writable: true });
  onTestFinished(connectProjection(api));
}
