import { afterEach, expect, test, vi } from 'vitest';
import { SLICES } from '../../../test/fakes/main-process';
import type { SplitreelApi } from '../../shared/ipc';
import { appError } from '../../shared/errors';
import { connectProjection, useProjection } from './projection';

let stop = (): void => undefined;
afterEach(() => {
  stop();
  vi.useRealTimers();
  useProjection.setState({ revision: 0, slices: null });
});

type Snapshots = ReturnType<SplitreelApi['getSnapshot']>;

test.each<[string, () => Snapshots]>([
  ['refuses it', () => Promise.resolve({ ok: false, error: appError('INTERNAL') })],
  ['fails', () => Promise.reject(new Error('the handler is gone'))],
])('the snapshot is requested again where main %s', async (_, first) => {
  vi.useFakeTimers();
  const snapshot = { revision: 3, slices: SLICES };
  const getSnapshot = vi.fn<() => Snapshots>(() => Promise.resolve({ ok: true, value: snapshot }));
  getSnapshot.mockImplementationOnce(first);
  stop = connectProjection({ getSnapshot, onSliceChanged: () => () => undefined });
  await vi.advanceTimersByTimeAsync(0);
  expect(useProjection.getState().slices).toBeNull();
  await vi.runOnlyPendingTimersAsync();
  expect(useProjection.getState()).toEqual(snapshot);
  expect(getSnapshot).toHaveBeenCalledTimes(2);
});
