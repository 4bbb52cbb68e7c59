/**
 * Downloads across restarts: running ones resume, paused ones stay paused. The downloaded data is in the download's
 * folder; this only tracks which downloads exist.
 */
import type { Download, DownloadOffer } from '../../shared/download';
import { appError, SplitreelError } from '../../shared/errors';
import type { Clock } from '../ports/clock';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { JsonStore } from '../state/json-store';
import { createDownloadList, type DownloadsFile } from './download-list';
import { createDownloadRuns } from './download-runs';
import type { DownloadTarget } from './download-target';
import type { Hub } from './hub';
import type { Models } from './models';

export interface DownloadsPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Hub, 'inspect' | 'download' | 'pause'>;
  readonly models: Pick<Models, 'downloadTarget' | 'recheck'>;
  readonly store: JsonStore<DownloadsFile>;
}

export interface Downloads {
  readonly get: () => readonly Download[];
  /** The size of a download, and how much of it is already here. */
  readonly inspect: (modelId: string) => Promise<DownloadOffer>;
  /** Starts, resumes or repairs; resolves once it is running. */
  readonly start: (modelId: string) => Promise<void>;
  readonly pause: (modelId: string) => Promise<void>;
  readonly discard: (modelId: string) => Promise<void>;
  /** Once there is an environment, resumes what was running when the app closed. */
  readonly resume: () => void;
  /** Pauses all, so that their folders can be moved. The returned function resumes them. */
  readonly suspend: () => Promise<() => Promise<void>>;
  readonly close: () => void;
}

export function createDownloads(ports: DownloadsPorts, onDownloads: (all: readonly Download[]) => void): Downloads {
  const { hub, models, clock, log } = ports;
  const list = createDownloadList(ports.store, onDownloads);
  const runs = createDownloadRuns({ hub, clock, log, list, onFinished: models.recheck });

  const targetOf = (modelId: string): DownloadTarget => {
    const target = models.downloadTarget(modelId);
    if (target === null) throw new SplitreelError(appError('HUB_MODEL_NOT_FOUND', { repo: modelId }));
    return target;
  };
  /** Also on a full disk, which a download may have filled: the list is saved later. */
  const pause = (modelId: string): Promise<void> =>
    list.change(modelId, { wanted: 'paused' }).finally(() => runs.stop(modelId));
  return {
    get: list.get,
    inspect: async (modelId) => {
      const target = targetOf(modelId);
      const [{ fileCount, totalBytes }, freeBytes] = await Promise.all([
        hub.inspect(target.repo, target.revision),
        ports.files.freeBytes(target.folder),
      ]);
      const doneBytes = list.find(modelId)?.progress?.doneBytes ?? 0;
      return { fileCount, totalBytes, doneBytes, freeBytes, folder: target.finalFolder };
    },
    start: async (modelId) => {
      if (runs.isRunning(modelId)) return;
      const target = targetOf(modelId);
      const progress = list.find(modelId)?.progress ?? null;
      // Saved before it starts, so that it survives a crash.
      await list.put({ modelId, target, wanted: 'running', progress });
      runs.launch(modelId);
    },
    pause,
    discard: async (modelId) => {
      const download = list.find(modelId);
      if (download === undefined) return;
      await pause(modelId).catch((error: unknown) => log.error(`the pause of ${modelId} could not be saved`, error));
      // A model under repair is complete in itself and stays.
      if (!download.target.isRepair) await ports.files.remove(download.target.folder);
      // Last, because there may be space for it only now.
      await list.remove(modelId);
    },
    resume: () => {
      for (const { modelId, wanted } of list.saved()) if (wanted === 'running') runs.launch(modelId);
    },
    suspend: async () => {
      const active = await runs.stopAll();
      return async () => {
        for (const { modelId } of list.saved()) {
          const target = models.downloadTarget(modelId);
          if (target !== null) await list.change(modelId, { target });
        }
        for (const modelId of active) runs.launch(modelId);
      };
    },
    close: runs.close,
  };
}
