import { expect, test, vi } from 'vitest';
import { BRIDGE_NAME } from '../../src/shared/channels';
import { calls } from '../../src/shared/ipc';

test('the page gets exactly the contract: every call, the subscription, the path of a dropped file', async () => {
  const exposed: Record<string, unknown> = {};
  const sent: unknown[][] = [];
  let receive: (event: unknown, ...message: unknown[]) => void = () => undefined;
  // Only Electron itself is replaced here, none of our own code.
  vi.doMock('electron', () => ({
    contextBridge: { exposeInMainWorld: (name: string, api: unknown) => void (exposed[name] = api) },
    ipcRenderer: {
      invoke: (...args: unknown[]) => {
        sent.push(args);
        return Promise.resolve(null);
      },
      on: (_channel: string, listener: typeof receive) => void (receive = listener),
    },
    webUtils: { getPathForFile: () => '' },
  }));
  await import('../../src/preload/index');
  expect(Object.keys(exposed)).toEqual([BRIDGE_NAME]);
  const api = exposed[BRIDGE_NAME] as Record<string, (input?: unknown) => unknown>;
  expect(Object.keys(api).sort()).toEqual([...Object.keys(calls), 'onSliceChanged', 'pathOfDroppedFile'].sort());
  const answer = api['cancelJob']?.({ jobId: 'j' });
  const stream: unknown = sent[0]?.[1];
  expect(sent).toEqual([['splitreel:call', stream, 'cancelJob', { jobId: 'j' }]]);
  // Left over from the page before a reload: texts of an unknown call, and the rest of a change.
  const changes: unknown[] = [];
  api['onSliceChanged']?.((change: unknown) => changes.push(change));
  receive(null, 'another call', 0, 'x', true);
  receive(null, 'changes', 1, 'x', true);
  receive(null, 'changes', 0, 'a', false);
  receive(null, stream, 0, 'A', false);
  receive(null, 'changes', 1, 'b', true);
  receive(null, stream, 1, 'B', true);
  expect(await answer).toEqual(['A', 'B']);
  expect(changes).toEqual([['a', 'b']]);
});
