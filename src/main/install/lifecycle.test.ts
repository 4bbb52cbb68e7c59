import { expect, test } from 'vitest';
import { appError, SplitreelError } from '../../shared/errors';
import type { Environment } from '../../shared/environment';
import type { EnvironmentService } from './environment';
import { createEnvironmentLifecycle } from './lifecycle';
import type { StorageService } from '../storage/storage';

const READY: Environment = {
  status: 'ready',
  slot: 'one',
  variant: 'cpu',
  versions: {},
  sizeBytes: 1,
  isOutdated: false,
  previousSlot: null,
};

interface Situation {
  readonly problem?: SplitreelError;
  readonly isBusy?: boolean;
}

function open(state: Environment, { problem, isBusy = false }: Situation = {}) {
  const done: string[] = [];
  const step = (name: string) => () => Promise.resolve(void done.push(name));
  const change = (name: string) => (): Promise<void> =>
    problem === undefined ? step(name)() : Promise.reject(problem);
  const environment = {
    get: () => state,
    install: change('install'),
    rollBack: change('rollBack'),
    remove: change('remove'),
  } as unknown as EnvironmentService;
  const storage = {
    move: (name: string) => change(`move ${name}`)(),
  } as unknown as StorageService;
  const onReady = (): void => void done.push('ready');
  return {
    done,
    lifecycle: createEnvironmentLifecycle({
      environment,
      storage,
      isBusy: () => isBusy,
      stopEngine: step('stop'),
      replaceEngine: step('replace'),
      onReady,
    }),
  };
}

test('the engine leaves the old environment only when the new one is ready', async () => {
  const { done, lifecycle } = open(READY);
  expect(await lifecycle.install({})).toBe(true);
  expect(done).toEqual(['install', 'replace', 'ready']);
});

test('the engine is stopped before its files are removed', async () => {
  const { done, lifecycle } = open(READY);
  await lifecycle.rollBack();
  await lifecycle.remove();
  expect(done).toEqual(['stop', 'rollBack', 'ready', 'stop', 'remove', 'ready']);
});

test('a failed install shown in the state does not fail the call; any other error does', async () => {
  const error = appError('NETWORK_UNREACHABLE', {});
  const failed = open({ status: 'failed', error, hasWorkingSlot: false }, { problem: new SplitreelError(error) });
  expect(await failed.lifecycle.install({})).toBe(false);
  const kept = open(READY, { problem: new SplitreelError(error) });
  await expect(kept.lifecycle.install({})).rejects.toThrow();
  expect([...failed.done, ...kept.done]).toEqual([]);
});

test('choosing a folder for an install moves everything it makes', async () => {
  const { done, lifecycle } = open({ status: 'missing' });
  await lifecycle.moveAll('/big');
  expect(done).toEqual(['move environment', 'move downloads']);
});

test.each(['rollBack', 'remove'] as const)('%s waits for a running job', async (change) => {
  const { done, lifecycle } = open(READY, { isBusy: true });
  await expect(lifecycle[change]()).rejects.toMatchObject({ error: { code: 'GENERATION_RUNNING' } });
  expect(done).toEqual([]);
});

test('the engine starts again after a change that failed', async () => {
  const problem = new SplitreelError(appError('CANCELED'));
  for (const change of ['rollBack', 'remove', 'move', 'moveAll'] as const) {
    const { done, lifecycle } = open(READY, { problem });
    await expect(
      change === 'move' ? lifecycle.move('environment', '/big') : lifecycle[change]('/big'),
    ).rejects.toThrow();
    expect(done.at(-1), change).toBe('ready');
  }
});
