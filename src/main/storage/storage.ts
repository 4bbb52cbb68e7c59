/** Measures, moves and removes what Splitreel has put on the disk. Nothing that a person made is in this list. */
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import { LOCATION_NAMES, type LocationName, type Storage, type StorageItem } from '../../shared/storage';
import type { DataFolders } from '../data-folder';
import type { Files } from '../ports/files';
import type { EnvironmentService } from '../install/environment';
import type { Locations } from './locations';

export const UNKNOWN_STORAGE: Storage = { locations: [], items: null, moving: null };

export interface StoragePorts {
  readonly files: Files;
  readonly locations: Locations;
  readonly environment: EnvironmentService;
  /** True while a video is being made: the files it reads must stay. */
  readonly isBusy: () => boolean;
  readonly modelsFolder: () => string;
  /** Ends the programs that use the environment. */
  readonly stopEngine: () => Promise<void>;
}

export interface StorageService {
  /** Sizes are counted file by file: seconds for an environment. */
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

  const candidates = async (): Promise<readonly Omit<StorageItem, 'bytes' | 'ownBytes'>[]> => {
    const root = locations.folderOf('environment');
    const used = environment.get();
    const current = used.status === 'ready' ? used.slot : null;
    const single = (kind: StorageItem['kind'], folder: string, canRemove: boolean) =>
      ({ id: kind, kind, name: '', folder, canRemove }) as const;
    const slots = [...(await files.list(path.join(root, 'slots')))].sort();
    return [
      ...slots.map((name) => ({
        id: `slot:${name}`,
        kind: 'slot' as const,
        name,
        folder: path.join(root, 'slots', name),
        canRemove: name !== current,
      })),
      single('tool', path.join(root, 'tool'), true),
      single('pythons', folders.pythons, current === null),
      single('downloads', locations.folderOf('downloads'), true),
      single('models', ports.modelsFolder(), false),
      single('previews', folders.previews, true),
      single('kernels', folders.kernels, true),
    ];
  };
  const measure = async (): Promise<void> => {
    const found = await candidates();
    const items = await Promise.all(
      found.map(async (item) => {
        const info = await files.stat(item.folder);
        if (info?.kind !== 'folder') return null;
        return { ...item, bytes: await files.folderBytes(item.folder), ownBytes: await files.ownBytes(item.folder) };
      }),
    );
    const shown = await Promise.all(
      LOCATION_NAMES.map(async (name) => {
        const folder = locations.folderOf(name);
        return { name, folder, freeBytes: await files.freeBytes(folder), isDefault: locations.isDefault(name) };
      }),
    );
    set({ locations: shown, items: items.filter((item) => item !== null) });
  };
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
      throw signal.aborted ? new SplitreelError(appError('CANCELLED')) : error;
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
      const item = (await candidates()).find((candidate) => candidate.id === id);
      if (item === undefined) return;
      if (!item.canRemove) throw new SplitreelError(appError('STORAGE_IN_USE', { folder: item.folder }));
      await files.remove(item.folder);
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
