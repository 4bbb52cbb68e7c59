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

function open(state: Environment, problem: SplitreelError | null = null) {
  const done: string[] = [];
  const step = (name: string) => () => Promise.resolve(void done.push(name));
  const environment = {
    get: () => state,
    install: () => (problem === null ? step('install')() : Promise.reject(problem)),
    rollBack: step('rollBack'),
    remove: step('remove'),
  } as unknown as EnvironmentService;
  const storage = {
    move: (name: string) => Promise.resolve(void done.push(`move ${name}`)),
  } as unknown as StorageService;
  const onReady = (): void => void done.push('ready');
  return {
    done,
    lifecycle: createEnvironmentLifecycle({ environment, storage, stopEngine: step('stop'), onReady }),
  };
}

test('the engine leaves the old environment only when the new one is ready', async () => {
  const { done, lifecycle } = open(READY);
  expect(await lifecycle.install({})).toBe(true);
  expect(done).toEqual(['install', 'stop', 'ready']);
});

test('the engine is stopped before its files are removed', async () => {
  const { done, lifecycle } = open(READY);
  await lifecycle.rollBack();
  await lifecycle.remove();
  expect(done).toEqual(['stop', 'rollBack', 'ready', 'stop', 'remove']);
});

test('a failed install shown in the state does not fail the call; any other error does', async () => {
  const error = appError('NETWORK_UNREACHABLE', {});
  const failed = open({ status: 'failed', error, hasWorkingSlot: false }, new SplitreelError(error));
  expect(await failed.lifecycle.install({})).toBe(false);
  const kept = open(READY, new SplitreelError(error));
  await expect(kept.lifecycle.install({})).rejects.toThrow();
  expect([...failed.done, ...kept.done]).toEqual([]);
});

test('choosing a folder for an install moves everything it makes', async () => {
  const { done, lifecycle } = open({ status: 'missing' });
  await lifecycle.moveAll('/big');
  expect(done).toEqual(['move environment', 'move downloads']);
});
