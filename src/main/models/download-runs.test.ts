import { expect, test } from 'vitest';
import { appError, SplitreelError } from '../../shared/errors';
import type { Download } from '../../shared/download';
import { nodeClock } from '../adapters/node/clock';
import { nodeFiles } from '../adapters/node/files';
import { SILENT_LOG } from '../ports/log';
import { createDownloadList, NO_DOWNLOADS, type DownloadsFile } from './download-list';
import { createDownloadRuns } from './download-runs';
import { createDownloads } from './downloads';

const target = {
  repo: 'someone/little',
  revision: 'main',
  folder: '/models/little.part',
  finalFolder: '/models/little',
  recordFile: '/models/little.json',
  isRepair: false,
};

test('a full disk keeps no download from being finished, paused or discarded', async () => {
  let value: DownloadsFile = NO_DOWNLOADS;
  const store = {
    value: () => value,
    save: (next: DownloadsFile) => {
      value = next;
      return Promise.reject(new Error('full'));
    },
    problem: null,
  };
  const finished: string[] = [];
  const removed: string[] = [];
  const paused: string[] = [];
  let end: (outcome: 'finished' | 'paused') => void = () => undefined;
  const downloads = createDownloads(
    {
      files: { ...nodeFiles, remove: (folder) => Promise.resolve(void removed.push(folder)) },
      clock: nodeClock,
      log: SILENT_LOG,
      hub: {
        inspect: () => Promise.reject(new Error('unused')),
        download: () =>
          new Promise((resolve) => {
            end = resolve;
          }),
        pause: (modelId) => {
          paused.push(modelId);
          end('paused');
        },
      },
      models: { downloadTarget: () => target, recheck: (modelId) => Promise.resolve(void finished.push(modelId)) },
      store,
    },
    () => undefined,
  );
  const saved = { modelId: 'little', target, wanted: 'running', progress: null } as const;
  value = { version: 1, downloads: [saved] };
  downloads.resume();
  end('finished');
  await expect.poll(() => finished).toEqual(['little']);
  value = { version: 1, downloads: [saved] };
  downloads.resume();
  await expect(downloads.pause('little')).rejects.toThrow('full');
  expect(paused).toEqual(['little']);
  await expect(downloads.discard('little')).rejects.toThrow('full');
  expect(removed).toEqual([target.folder]);
});

test('a download that is shown as failed can be started again at once, and its end is saved', async () => {
  let value: DownloadsFile = NO_DOWNLOADS;
  const store = {
    value: () => value,
    save: (next: DownloadsFile) => {
      value = next;
      return Promise.resolve();
    },
    problem: null,
  };
  let starts = 0;
  const wantedWhenFailed: (string | undefined)[] = [];
  const onDownloads = ([download]: readonly Download[]): void => {
    if (download?.state.status !== 'failed') return;
    wantedWhenFailed.push(value.downloads[0]?.wanted);
    if (starts === 1) runs.launch('little');
  };
  const list = createDownloadList(store, onDownloads);
  const runs = createDownloadRuns({
    hub: {
      download: () => {
        starts += 1;
        return Promise.reject(new SplitreelError(appError('MODEL_GATED', { repo: target.repo })));
      },
      pause: () => undefined,
    },
    clock: nodeClock,
    log: SILENT_LOG,
    list,
    onFinished: () => Promise.resolve(),
  });
  await list.put({ modelId: 'little', target, wanted: 'running', progress: null });
  runs.launch('little');
  await expect.poll(() => wantedWhenFailed).toEqual(['paused', 'paused']);
  expect(starts).toBe(2);
});
