import { expect, test } from 'vitest';
import type { SliceChanged, SplitreelBridge } from '../../shared/ipc';
import { toTexts, type Texts } from '../../shared/texts';
import { openApi } from './api';

const unpaused = (): Promise<void> => Promise.resolve();

function fakeBridge() {
  let send = (_texts: Texts): void => undefined;
  const called: unknown[] = [];
  const bridge = {
    cancelJob: (input: unknown) => {
      called.push(input);
      return Promise.resolve(toTexts({ ok: true, value: undefined }, unpaused));
    },
    onSliceChanged: (listener: (texts: Texts) => void) => {
      send = listener;
      return () => undefined;
    },
    pathOfDroppedFile: () => '/dropped',
  } as Partial<SplitreelBridge> as SplitreelBridge;
  return { bridge, called, send: async (change: object) => send(await toTexts(change, unpaused)) };
}

test('a call passes its input on and returns its answer', async () => {
  const { bridge, called } = fakeBridge();
  expect(await openApi(bridge).cancelJob({ jobId: 'j' })).toEqual({ ok: true });
  expect(called).toEqual([{ jobId: 'j' }]);
});

test('changes arrive in order, a long one before a short one sent after it', async () => {
  const { bridge, send } = fakeBridge();
  const seen: SliceChanged[] = [];
  let arrived = (): void => undefined;
  const all = new Promise<void>((resolve) => (arrived = resolve));
  openApi(bridge).onSliceChanged((change) => {
    seen.push(change);
    if (seen.length === 3) arrived();
  });
  const items = Array.from({ length: 1_001 }, (_, id) => ({ id: String(id) }));
  await send({ revision: 1, slice: 'queue', value: { isPaused: true } });
  expect(seen).toHaveLength(1);
  await send({ revision: 2, slice: 'library', patch: { items, order: null } });
  await send({ revision: 3, slice: 'queue', value: { isPaused: false } });
  await all;
  expect(seen.map(({ revision }) => revision)).toEqual([1, 2, 3]);
  expect(seen[1]).toEqual({ revision: 2, slice: 'library', patch: { items, order: null } });
});
