/** What the downloader needs to fetch a model, or the damaged files of one. */
import path from 'node:path';
import type { ModelEntry, VerifiedRecord } from '../../shared/models';
import { recordFile } from './record';

export interface DownloadTarget {
  readonly repo: string;
  readonly revision: string;
  readonly folder: string;
  readonly finalFolder: string;
  readonly recordFile: string;
  readonly isRepair: boolean;
}

export interface TargetFolders {
  readonly modelsFolders: () => readonly string[];
  readonly recordsFolder: string;
}

/** Null if there is nothing to download for this model. */
export function downloadTargetOf(
  entry: ModelEntry,
  record: VerifiedRecord | undefined,
  { modelsFolders, recordsFolder }: TargetFolders,
): DownloadTarget | null {
  const location = entry.files?.location;
  if (entry.path !== null && location !== undefined && location !== 'app') {
    if (record === undefined || record.source === null) return null;
    const [repo, commit] = record.source;
    const folders = { folder: entry.path, finalFolder: entry.path };
    return {
      repo,
      revision: commit,
      ...folders,
      recordFile: recordFile(entry.path, location, recordsFolder),
      isRepair: true,
    };
  }
  const [repo] = entry.offer?.repositories ?? [];
  const [base] = modelsFolders();
  if (repo === undefined || base === undefined || entry.offer === null) return null;
  const finalFolder = path.join(base, entry.id);
  const folder = `${finalFolder}.part`;
  const target = { repo, revision: entry.offer.revision, folder, finalFolder, isRepair: false };
  return { ...target, recordFile: recordFile(folder, 'models', recordsFolder) };
}
