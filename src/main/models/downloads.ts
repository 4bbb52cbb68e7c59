/**
 * Downloads, over restarts: what was running goes on by itself, what was paused stays paused. Everything that has come
 * lies in the folder of the download; this knows only which there are.
 */
import { z } from 'zod';
import { downloadSchema, type Download, type DownloadOffer } from '../../shared/download';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { toAppError } from '../ipc/router';
import type { Clock } from '../ports/clock';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { JsonStore } from '../state/json-store';
import type { Hub } from './hub';
import type { DownloadTarget, Models } from './models';

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

/** A line that was down is tried again after this long, without anyone pressing Resume. */
export const RETRY_MS = 60_000;

export interface DownloadsPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Pick<Hub, 'inspect' | 'download' | 'pause'>;
  readonly models: Pick<Models, 'downloadTarget' | 'recheck' | 'get'>;
  readonly store: JsonStore<DownloadsFile>;
}

export interface Downloads {
  readonly get: () => readonly Download[];
  readonly look: (modelId: string) => Promise<DownloadOffer>;
  /** Starts, resumes or mends; resolves when it is under way. */
  readonly start: (modelId: string) => Promise<void>;
  readonly pause: (modelId: string) => Promise<void>;
  readonly discard: (modelId: string) => Promise<void>;
  /** Once there is an environment: what was running when the app ended goes on. */
  readonly resume: () => void;
  /** Pauses all, so that their folders can be moved; the function that comes back lets them go on. */
  readonly suspend: () => Promise<() => Promise<void>>;
  readonly close: () => void;
}

type Kept = DownloadsFile['downloads'][number];

export function createDownloads(ports: DownloadsPorts, onDownloads: (all: readonly Download[]) => void): Downloads {
  const { hub, models, store, log } = ports;
  const running = new Map<string, Promise<void>>();
  const states = new Map<string, Download['state']>();
  const retries = new Map<string, () => void>();
  let isClosed = false;

  const kept = (): readonly Kept[] => store.value().downloads;
  const get = (): readonly Download[] =>
    kept().map(({ modelId, target, progress }) => ({
      modelId,
      isRepair: target.isRepair,
      state: states.get(modelId) ?? { status: 'paused' },
      progress,
    }));
  const tell = (): void => onDownloads(get());
  const save = async (downloads: readonly Kept[]): Promise<void> => {
    const saved = store.save({ version: 1, downloads: [...downloads] });
    tell();
    await saved;
  };
  const change = (modelId: string, changes: Partial<Kept>): Promise<void> =>
    save(kept().map((each) => (each.modelId === modelId ? { ...each, ...changes } : each)));
  const show = (modelId: string, state: Download['state']): void => {
    states.set(modelId, state);
    tell();
  };
  const forget = async (modelId: string): Promise<void> => {
    states.delete(modelId);
    retries.get(modelId)?.();
    retries.delete(modelId);
    await save(kept().filter((each) => each.modelId !== modelId));
  };

  const fail = async (modelId: string, error: AppError): Promise<void> => {
    if (isClosed) return;
    log.warn(`the download of ${modelId} stopped: ${error.code}`);
    show(modelId, { status: 'failed', error });
    if (error.code !== 'DOWNLOAD_INTERRUPTED' && error.code !== 'HUB_UNREACHABLE') {
      await change(modelId, { wanted: 'paused' });
      return;
    }
    retries.get(modelId)?.();
    retries.set(
      modelId,
      ports.clock.after(RETRY_MS, () => {
        if (states.get(modelId)?.status === 'failed') launch(modelId);
      }),
    );
  };
  const run = async ({ modelId, target }: Kept): Promise<void> => {
    let latest: Download['progress'] = null;
    try {
      const outcome = await hub.download({ modelId, ...wishOf(target) }, (event) => {
        const { doneBytes, totalBytes, bytesPerSecond, secondsLeft, stage } = event;
        latest = { doneBytes, totalBytes, bytesPerSecond, secondsLeft };
        states.set(modelId, { status: 'running', stage });
        // Not written down: the folder itself knows how far it is.
        onDownloads(get().map((each) => (each.modelId === modelId ? { ...each, progress: latest } : each)));
      });
      if (outcome === 'finished') {
        await forget(modelId);
        await models.recheck(modelId);
      } else if (!isClosed) {
        show(modelId, { status: 'paused' });
        await change(modelId, { progress: still(latest) });
      }
    } catch (error) {
      await change(modelId, { progress: still(latest) });
      await fail(modelId, toAppError(error));
    } finally {
      running.delete(modelId);
    }
  };
  const launch = (modelId: string): void => {
    const each = kept().find((download) => download.modelId === modelId);
    if (each === undefined || running.has(modelId) || isClosed) return;
    show(modelId, { status: 'running', stage: 'listing' });
    running.set(
      modelId,
      run(each).catch((error: unknown) => log.error(`the download of ${modelId} could not be kept`, error)),
    );
  };
  const pause = async (modelId: string): Promise<void> => {
    retries.get(modelId)?.();
    await change(modelId, { wanted: 'paused' });
    hub.pause(modelId);
    await running.get(modelId);
    if (states.get(modelId)?.status === 'failed') show(modelId, { status: 'paused' });
  };
  const targetOf = async (modelId: string): Promise<DownloadTarget> => {
    const target = await models.downloadTarget(modelId);
    if (target === null) throw new SplitreelError(appError('HUB_MODEL_NOT_FOUND', { repo: modelId }));
    return target;
  };
  const heldBytes = (modelId: string): number =>
    kept().find((each) => each.modelId === modelId)?.progress?.doneBytes ?? 0;

  return {
    get,
    look: async (modelId) => {
      const target = await targetOf(modelId);
      const [found, freeBytes] = await Promise.all([
        hub.inspect(target.repo, target.revision),
        ports.files.freeBytes(target.folder),
      ]);
      const { fileCount, totalBytes } = found;
      return { fileCount, totalBytes, doneBytes: heldBytes(modelId), freeBytes, folder: target.finalFolder };
    },
    start: async (modelId) => {
      if (running.has(modelId)) return;
      const target = await targetOf(modelId);
      const before = kept().find((each) => each.modelId === modelId);
      const next: Kept = { modelId, target, wanted: 'running', progress: before?.progress ?? null };
      // Before it starts: an app that is killed in the next moment knows of it.
      await save([...kept().filter((each) => each.modelId !== modelId), next]);
      launch(modelId);
    },
    pause,
    discard: async (modelId) => {
      const each = kept().find((download) => download.modelId === modelId);
      if (each === undefined) return;
      await pause(modelId);
      await forget(modelId);
      // What is being mended is a model of its own, and stays.
      if (!each.target.isRepair) await ports.files.remove(each.target.folder);
    },
    resume: () => {
      for (const { modelId, wanted } of kept()) if (wanted === 'running') launch(modelId);
    },
    suspend: async () => {
      const active = [...running.keys()];
      for (const modelId of active) hub.pause(modelId);
      await Promise.all(running.values());
      return async () => {
        for (const each of kept()) {
          const target = await models.downloadTarget(each.modelId);
          if (target !== null) await change(each.modelId, { target });
        }
        for (const modelId of active) launch(modelId);
      };
    },
    close: () => {
      isClosed = true;
      for (const cancel of retries.values()) cancel();
    },
  };
}

const wishOf = ({ repo, revision, folder, finalFolder, recordFile }: DownloadTarget) => ({
  repo,
  revision,
  folder,
  finalFolder,
  recordFile,
});

const still = (progress: Download['progress']): Download['progress'] =>
  progress === null ? null : { ...progress, bytesPerSecond: 0, secondsLeft: null };
