/**
 * Changes to the environment that the engine runs from: stops the engine before its files are removed, and starts it
 * when they are back, also if the change failed. Nothing is removed under a running job.
 */
import { appError, SplitreelError } from '../../shared/errors';
import { LOCATION_NAMES, type LocationName } from '../../shared/storage';
import type { EnvironmentService } from './environment';
import type { InstallRequest } from './install-plan';
import type { StorageService } from '../storage/storage';

export interface LifecyclePorts {
  readonly environment: EnvironmentService;
  readonly storage: StorageService;
  readonly isBusy: () => boolean;
  readonly stopEngine: () => Promise<void>;
  /** As stopEngine, but a running job goes on to its end. */
  readonly replaceEngine: () => Promise<void>;
  /** A working environment is available, for the first time or in another version. */
  readonly onReady: () => void;
}

export interface EnvironmentLifecycle {
  /** False if it failed and the environment's state shows that; other failures are thrown. */
  readonly install: (request: InstallRequest) => Promise<boolean>;
  readonly rollBack: () => Promise<void>;
  readonly remove: () => Promise<void>;
  /** Moves one part; null: back to its default folder. */
  readonly move: (name: LocationName, chosen: string | null) => Promise<void>;
  /** Moves everything that an install makes. */
  readonly moveAll: (chosen: string) => Promise<void>;
  /** Announces the environment if one works. */
  readonly announce: () => void;
}

export function createEnvironmentLifecycle(ports: LifecyclePorts): EnvironmentLifecycle {
  const { environment, storage, isBusy, stopEngine, replaceEngine } = ports;
  const announce = (): void => {
    if (environment.get().status === 'ready') ports.onReady();
  };
  const withoutEngine = async (change: () => Promise<void>): Promise<void> => {
    if (isBusy()) throw new SplitreelError(appError('GENERATION_RUNNING'));
    await stopEngine();
    await change().finally(announce);
  };
  return {
    install: async (request) => {
      try {
        await environment.install(request);
      } catch (error) {
        if (environment.get().status === 'failed') return false;
        throw error;
      }
      await replaceEngine();
      announce();
      return true;
    },
    rollBack: () => withoutEngine(environment.rollBack),
    remove: () => withoutEngine(environment.remove),
    move: (name, chosen) => storage.move(name, chosen).finally(announce),
    moveAll: async (chosen) => {
      try {
        for (const name of LOCATION_NAMES) await storage.move(name, chosen);
      } finally {
        announce();
      }
    },
    announce,
  };
}
