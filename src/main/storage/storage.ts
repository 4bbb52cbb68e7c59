/** Measures, moves and removes what Splitreel has stored on disk; inventory.ts lists it. */
import { appError, SplitreelError } from '../../shared/errors';
import type { LocationName, Storage } from '../../shared/storage';
import type { DataFolders } from '../data-folder';
import type { EnvironmentService } from '../install/environment';
import { listItems, measureItems, type InventoryPorts } from './inventory';
import type { Locations } from './locations';

export const UNKNOWN_STORAGE: Storage = { locations: [], items: null, moving: null };

export interface StoragePorts extends InventoryPorts {
  readonly environment: EnvironmentService;
  /** True while a video is being made: the files it reads must stay. */
  readonly isBusy: () => boolean;
  /** Stops the programs that use the environment. */
  readonly stopEngine: () => Promise<void>;
}

export interface StorageService {
  /** Counts sizes file by file, which takes seconds for an environment. */
  readonly measure: () => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  readonly move: (name: LocationName, chosen: string | null) => Promise<void>;
  readonly cancelMove: () => void;
  /** Finishes an interrupted move. */
  readonly resume: () => Promise<void>;
}

export function createStorage(
  ports: StoragePorts,
  options: { readonly folders: DataFolders; readonly onChange: (storage: Storage) => void },
): StorageService {
  const { files, locations, environment } = ports;
  const { folders } = options;
  let state = UNKNOWN_STORAGE;
  let abort: AbortController | null = null;
  const set = (change: Partial<Storage>): void => {
    state = { ...state, ...change };
    options.onChange(state);
  };

  const measure = async (): Promise<void> => set(await measureItems(ports, folders));
  const refuseWhileBusy = (): void => {
    if (environment.get().status === 'installing') throw new SplitreelError(appError('INSTALL_RUNNING'));
    if (ports.isBusy()) throw new SplitreelError(appError('GENERATION_RUNNING'));
    if (state.moving !== null) throw new SplitreelError(appError('MOVE_RUNNING'));
  };
  const carry = async (name: LocationName, to: string, run: Locations['resume']): Promise<void> => {
    abort = new AbortController();
    const { signal } = abort;
    set({ moving: { name, to, copiedBytes: 0, totalBytes: 0 } });
    try {
      await run({
        signal,
        onProgress: (copiedBytes, totalBytes) => set({ moving: { name, to, copiedBytes, totalBytes } }),
      });
    } catch (error) {
      throw signal.aborted ? new SplitreelError(appError('CANCELED')) : error;
    } finally {
      abort = null;
      set({ moving: null });
      await environment.check();
      await measure();
    }
  };
  return {
    measure,
    remove: async (id) => {
      refuseWhileBusy();
      const item = (await listItems(ports, folders)).find((candidate) => candidate.id === id);
      if (item === undefined) return;
      if (!item.canRemove) throw new SplitreelError(appError('STORAGE_IN_USE', { folder: item.folder }));
      if (item.kind === 'firstFrames') await ports.firstFrames.removeUnused();
      else await files.remove(item.folder);
      await environment.check();
      await measure();
    },
    move: async (name, chosen) => {
      refuseWhileBusy();
      if (name === 'environment') await ports.stopEngine();
      await carry(name, chosen ?? '', (moveOptions) => locations.move(name, chosen, moveOptions));
    },
    cancelMove: () => abort?.abort(),
    resume: async () => {
      const name = locations.unfinished();
      if (name !== null) await carry(name, '', locations.resume);
    },
  };
}
