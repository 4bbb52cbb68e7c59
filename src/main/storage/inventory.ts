/** What Splitreel has stored on disk. Nothing that a user made is in this list. */
import path from 'node:path';
import { LOCATION_NAMES, type Storage, type StorageItem } from '../../shared/storage';
import type { DataFolders } from '../data-folder';
import type { Files } from '../ports/files';
import type { EnvironmentService } from '../install/environment';
import type { Locations } from './locations';

export interface InventoryPorts {
  readonly files: Files;
  readonly locations: Locations;
  readonly environment: Pick<EnvironmentService, 'get'>;
  readonly modelsFolder: () => string;
  /** Images that neither a job nor a video nor the form uses. */
  readonly firstFrames: {
    readonly unusedBytes: () => Promise<number>;
    readonly removeUnused: () => Promise<void>;
  };
}

type Item = Omit<StorageItem, 'bytes' | 'ownBytes'>;

/** Everything that may exist, without sizes. */
export async function listItems(ports: InventoryPorts, folders: DataFolders): Promise<readonly Item[]> {
  const root = ports.locations.folderOf('environment');
  const used = ports.environment.get();
  const current = used.status === 'ready' ? used.slot : null;
  const single = (kind: StorageItem['kind'], folder: string, canRemove: boolean): Item => ({
    id: kind,
    kind,
    name: '',
    folder,
    canRemove,
  });
  const slots = [...(await ports.files.list(path.join(root, 'slots')))].sort();
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
    single('downloads', ports.locations.folderOf('downloads'), true),
    single('models', ports.modelsFolder(), false),
    single('previews', folders.previews, true),
    single('firstFrames', folders.firstFrames, true),
    single('kernels', folders.kernels, true),
  ];
}

/** What exists, with sizes. They are counted file by file, which takes seconds for an environment. */
export async function measureItems(
  ports: InventoryPorts,
  folders: DataFolders,
): Promise<Pick<Storage, 'locations' | 'items'>> {
  const { files, locations } = ports;
  const items = await Promise.all(
    (await listItems(ports, folders)).map(async (item) => {
      const info = await files.stat(item.folder);
      if (info?.kind !== 'folder') return null;
      const bytes = await files.folderBytes(item.folder);
      if (item.kind !== 'firstFrames') return { ...item, bytes, ownBytes: await files.ownBytes(item.folder) };
      const ownBytes = await ports.firstFrames.unusedBytes();
      return { ...item, bytes, ownBytes, canRemove: ownBytes > 0 };
    }),
  );
  const shown = await Promise.all(
    LOCATION_NAMES.map(async (name) => {
      const folder = locations.folderOf(name);
      return { name, folder, freeBytes: await files.freeBytes(folder), isDefault: locations.isDefault(name) };
    }),
  );
  return { locations: shown, items: items.filter((item) => item !== null) };
}
