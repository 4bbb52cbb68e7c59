/** The running downloads. A download that lost its connection is retried automatically. */
import type { Download } from '../../shared/download';
import type { AppError } from '../../shared/errors';
import type { Clock } from '../ports/clock';
import { toAppError } from '../ports/files';
import type { Log } from '../ports/log';
import type { DownloadList, SavedDownload } from './download-list';
import type { DownloadTarget } from './download-target';
import type { Hub } from './hub';

export const RETRY_MS = 60_000;

export interface DownloadRunPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Hub, 'download' | 'pause'>;
  readonly list: DownloadList;
  /** The model is complete. */
  readonly onFinished: (modelId: string) => Promise<void>;
}

export interface DownloadRuns {
  /** Starts a listed download that isn't running. */
  readonly launch: (modelId: string) => void;
  readonly isRunning: (modelId: string) => boolean;
  /** Resolves with the downloads that were running, once they have stopped. */
  readonly stopAll: () => Promise<readonly string[]>;
  /** Stops a download or its wait for a retry. */
  readonly stop: (modelId: string) => Promise<void>;
  /** From now on nothing is started or retried. */
  readonly close: () => void;
}

/**
 * How a run ended; null once the model is complete. Shown when the run is over and saved, so that the download can be
 * started again at once.
 */
type End = Exclude<Download['state'], { readonly status: 'running' }> | null;

export function createDownloadRuns(ports: DownloadRunPorts): DownloadRuns {
  const { hub, list, log } = ports;
  const running = new Map<string, Promise<void>>();
  const retries = new Map<string, () => void>();
  let isClosed = false;

  const cancelRetry = (modelId: string): void => {
    retries.get(modelId)?.();
    retries.delete(modelId);
  };
  const showEnd = (modelId: string, end: End): void => {
    if (end === null || isClosed) return;
    list.show(modelId, end);
    if (end.status === 'paused') return;
    log.warn(`the download of ${modelId} stopped: ${end.error.code}`);
    if (!isTemporary(end.error)) return;
    const retry = (): void => {
      if (list.stateOf(modelId)?.status === 'failed') launch(modelId);
    };
    cancelRetry(modelId);
    retries.set(modelId, ports.clock.after(RETRY_MS, retry));
  };
  const run = async ({ modelId, target }: SavedDownload): Promise<End> => {
    let latest: Download['progress'] = null;
    const unsaved = (error: unknown): void => log.error(`the download of ${modelId} could not be saved`, error);
    const save = (changes: Partial<SavedDownload>): Promise<void> => list.change(modelId, changes).catch(unsaved);
    try {
      const outcome = await hub.download({ modelId, ...sourceOf(target) }, (event) => {
        const { doneBytes, totalBytes, bytesPerSecond, secondsLeft, stage } = event;
        latest = { doneBytes, totalBytes, bytesPerSecond, secondsLeft };
        list.show(modelId, { status: 'running', stage }, latest);
      });
      if (outcome === 'finished') {
        cancelRetry(modelId);
        await list.remove(modelId).catch(unsaved);
        await ports.onFinished(modelId);
        return null;
      }
      if (!isClosed) await save({ progress: still(latest) });
      return { status: 'paused' };
    } catch (thrown) {
      const error = toAppError(thrown);
      const mayResume = isClosed || isTemporary(error);
      await save({ progress: still(latest), ...(mayResume ? {} : { wanted: 'paused' }) });
      return { status: 'failed', error };
    }
  };
  const launch = (modelId: string): void => {
    const download = list.find(modelId);
    if (download === undefined || running.has(modelId) || isClosed) return;
    list.show(modelId, { status: 'running', stage: 'listing' });
    const ended = run(download).then((end) => {
      running.delete(modelId);
      showEnd(modelId, end);
    });
    running.set(modelId, ended);
  };
  return {
    launch,
    isRunning: (modelId) => running.has(modelId),
    stopAll: async () => {
      const active = [...running.keys()];
      for (const modelId of active) hub.pause(modelId);
      await Promise.all(running.values());
      return active;
    },
    stop: async (modelId) => {
      cancelRetry(modelId);
      hub.pause(modelId);
      await running.get(modelId);
      if (list.stateOf(modelId)?.status === 'failed') list.show(modelId, { status: 'paused' });
    },
    close: () => {
      isClosed = true;
      for (const cancel of retries.values()) cancel();
    },
  };
}

/** The network may come back. */
const isTemporary = ({ code }: AppError): boolean => code === 'DOWNLOAD_INTERRUPTED' || code === 'HUB_UNREACHABLE';

const sourceOf = ({ repo, revision, folder, finalFolder, recordFile }: DownloadTarget) => ({
  repo,
  revision,
  folder,
  finalFolder,
  recordFile,
});

const still = (progress: Download['progress']): Download['progress'] =>
  progress === null ? null : { ...progress, bytesPerSecond: 0, secondsLeft: null };
