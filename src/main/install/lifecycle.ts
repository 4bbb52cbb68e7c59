/**
 * Changes to the environment that the engine runs from: stops the engine before its files are removed, and starts it
 * when they are back.
 */
import { LOCATION_NAMES, type LocationName } from '../../shared/storage';
import type { EnvironmentService } from './environment';
import type { InstallRequest } from './install-plan';
import type { StorageService } from '../storage/storage';

export interface LifecyclePorts {
  readonly environment: EnvironmentService;
  readonly storage: StorageService;
  readonly stopEngine: () => Promise<void>;
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
  const { environment, storage, stopEngine } = ports;
  const announce = (): void => {
    if (environment.get().status === 'ready') ports.onReady();
  };
  return {
    install: async (request) => {
      try {
        await environment.install(request);
      } catch (error) {
        if (environment.get().status === 'failed') return false;
        throw error;
      }
      await stopEngine();
      announce();
      return true;
    },
    rollBack: async () => {
      await stopEngine();
      await environment.rollBack();
      announce();
    },
    remove: async () => {
      await stopEngine();
      await environment.remove();
    },
    move: async (name, chosen) => {
      await storage.move(name, chosen);
      announce();
    },
    moveAll: async (chosen) => {
      for (const name of LOCATION_NAMES) await storage.move(name, chosen);
      announce();
    },
    announce,
  };
}
