import { expect, test, vi } from 'vitest';
import { BRIDGE_NAME } from '../../src/shared/channels';
import { calls } from '../../src/shared/ipc';

test('the page gets exactly the contract: every call, the subscription, the path of a dropped file', async () => {
  const exposed: Record<string, unknown> = {};
  const sent: unknown[] = [];
  // Only Electron itself is replaced here, none of our own code.
  vi.doMock('electron', () => ({
    contextBridge: { exposeInMainWorld: (name: string, api: unknown) => void (exposed[name] = api) },
    ipcRenderer: {
      invoke: (...words: unknown[]) => void sent.push(words),
      on: () => undefined,
      removeListener: () => undefined,
    },
    webUtils: { getPathForFile: () => '' },
  }));
  await import('../../src/preload/index');
  expect(Object.keys(exposed)).toEqual([BRIDGE_NAME]);
  const api = exposed[BRIDGE_NAME] as Record<string, (input?: unknown) => unknown>;
  expect(Object.keys(api).sort()).toEqual([...Object.keys(calls), 'onSliceChanged', 'pathOfDroppedFile'].sort());
  api['cancelJob']?.({ jobId: 'j' });
  expect(sent).toEqual([['splitreel:call', 'cancelJob', { jobId: 'j' }]]);
});
