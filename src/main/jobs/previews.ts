/** Previews of unfinished videos, which the engine writes while a job runs: one folder per job. */
import path from 'node:path';
import type { Located } from '../window/app-files';

export const previewLocator =
  (folder: string) =>
  (jobId: string, video: number, step: number): Located => ({
    folder,
    file: path.join(folder, jobId, `${String(video)}-${String(step)}.jpg`),
  });
