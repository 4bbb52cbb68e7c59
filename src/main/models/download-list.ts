/** The list of downloads. Changes to the list are saved; progress is only shown. */
import { z } from 'zod';
import { downloadSchema, type Download } from '../../shared/download';
import type { JsonStore } from '../state/json-store';

const targetSchema = z.object({
  repo: z.string(),
  revision: z.string(),
  folder: z.string(),
  finalFolder: z.string(),
  recordFile: z.string(),
  isRepair: z.boolean(),
});

export const downloadsFileSchema = z.object({
  version: z.literal(1),
  downloads: z.array(
    z.object({
      modelId: z.string(),
      target: targetSchema,
      wanted: z.enum(['running', 'paused']),
      progress: downloadSchema.shape.progress,
    }),
  ),
});
export type DownloadsFile = z.infer<typeof downloadsFileSchema>;
export const NO_DOWNLOADS: DownloadsFile = { version: 1, downloads: [] };

/** A download as it is saved. */
export type SavedDownload = DownloadsFile['downloads'][number];

export interface DownloadList {
  /** For the window. */
  readonly get: () => readonly Download[];
  readonly saved: () => readonly SavedDownload[];
  readonly find: (modelId: string) => SavedDownload | undefined;
  /** Resolves once saved. Replaces an earlier download of the model. */
  readonly put: (download: SavedDownload) => Promise<void>;
  readonly change: (modelId: string, changes: Partial<SavedDownload>) => Promise<void>;
  readonly remove: (modelId: string) => Promise<void>;
  readonly stateOf: (modelId: string) => Download['state'] | undefined;
  readonly show: (modelId: string, state: Download['state'], progress?: Download['progress']) => void;
}

export function createDownloadList(
  store: JsonStore<DownloadsFile>,
  onDownloads: (all: readonly Download[]) => void,
): DownloadList {
  const states = new Map<string, Download['state']>();
  const saved = (): readonly SavedDownload[] => store.value().downloads;
  const get = (): readonly Download[] =>
    saved().map(({ modelId, target, progress }) => ({
      modelId,
      isRepair: target.isRepair,
      state: states.get(modelId) ?? { status: 'paused' },
      progress,
    }));
  const others = (modelId: string): readonly SavedDownload[] => saved().filter((each) => each.modelId !== modelId);
  const save = async (downloads: readonly SavedDownload[]): Promise<void> => {
    const written = store.save({ version: 1, downloads: [...downloads] });
    onDownloads(get());
    await written;
  };
  return {
    get,
    saved,
    find: (modelId) => saved().find((each) => each.modelId === modelId),
    put: (download) => save([...others(download.modelId), download]),
    change: (modelId, changes) =>
      save(saved().map((each) => (each.modelId === modelId ? { ...each, ...changes } : each))),
    remove: async (modelId) => {
      states.delete(modelId);
      await save(others(modelId));
    },
    stateOf: (modelId) => states.get(modelId),
    show: (modelId, state, progress) => {
      states.set(modelId, state);
      // Progress isn't saved: it follows from the download's folder.
      onDownloads(
        progress === undefined ? get() : get().map((each) => (each.modelId === modelId ? { ...each, progress } : each)),
      );
    },
  };
}
