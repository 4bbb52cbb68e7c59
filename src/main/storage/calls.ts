import type { EnvironmentLifecycle } from '../install/lifecycle';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { StorageService } from './storage';

export interface StorageCallPorts {
  readonly desktop: Pick<Desktop, 'chooseFolder'>;
  readonly lifecycle: Pick<EnvironmentLifecycle, 'move'>;
  readonly storage: StorageService;
}

type StorageCall = 'measureStorage' | 'removeStorage' | 'moveStorage' | 'cancelMove';

export const storageCalls = ({ desktop, lifecycle, storage }: StorageCallPorts): Calls<StorageCall> => ({
  measureStorage: storage.measure,
  removeStorage: ({ id }) => storage.remove(id),
  moveStorage: async ({ name, toDefault }) => {
    const chosen = toDefault ? null : await desktop.chooseFolder();
    if (chosen === null && !toDefault) return false;
    await lifecycle.move(name, chosen);
    return true;
  },
  cancelMove: storage.cancelMove,
});
