/** Checks before a job starts, and the command that starts it. */
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import type { Job } from '../../shared/job';
import type { Machine } from '../../shared/machine';
import type { ModelEntry } from '../../shared/models';
import type { WorkerCommand } from '../../shared/protocol';
import type { Files } from '../ports/files';
import { outputPaths } from './output-path';
import { validateJob, type ValidJob } from './validate';

/** A finished video is a few megabytes; this is enough for it, its temporary file and the stores. */
const MIN_FREE_BYTES = 200 * 1_048_576;

export interface StartPorts {
  readonly files: Files;
  readonly machine: () => Machine;
  readonly models: () => readonly ModelEntry[];
  readonly videosFolder: () => string;
  readonly previewsFolder: string;
}

export interface PreparedJob {
  readonly command: WorkerCommand;
  readonly outputs: readonly string[];
}

/** Creates the folders and chooses the file names; throws an error if that fails. */
export async function prepareJob(job: Job, ports: StartPorts): Promise<PreparedJob> {
  const { files } = ports;
  const valid = validateJob(job, { models: ports.models(), machine: ports.machine() });
  if (!valid.ok) throw new SplitreelError(valid.error);
  const { request } = job;
  const seeds = Array.from({ length: request.videoCount }, (_, index) => request.seed + index);
  const folder = ports.videosFolder();
  await refuseWithoutSpace(files, folder);
  await files.makeFolder(folder);
  const outputs = await outputPaths(files, folder, request.prompt, seeds);
  const previewFolder = path.join(ports.previewsFolder, job.id);
  await files.remove(ports.previewsFolder);
  await files.makeFolder(previewFolder);
  return { command: startCommand(job, valid.value, outputs, previewFolder), outputs };
}

function startCommand(
  job: Job,
  { model, devices }: ValidJob,
  outputs: readonly string[],
  previewFolder: string,
): WorkerCommand {
  const {
    modelId: _modelId,
    prompt,
    rewrittenFrom,
    negativePrompt,
    imagePath,
    seed,
    videoCount: _videoCount,
    ...settings
  } = job.request;
  return {
    type: 'startJob',
    jobId: job.id,
    modelId: model.id,
    modelPath: model.path,
    settings,
    videos: outputs.map((outputPath, index) => ({
      prompt,
      negativePrompt,
      imagePath,
      seed: seed + index,
      outputPath,
      rewrittenFrom,
    })),
    plan: job.plan,
    devices: [...devices],
    previewFolder,
  };
}

async function refuseWithoutSpace(files: Files, folder: string): Promise<void> {
  if (!(await files.canWrite(folder))) throw new SplitreelError(appError('OUTPUT_NOT_WRITABLE', { folder }));
  const free = await files.freeBytes(folder);
  if (free >= MIN_FREE_BYTES) return;
  throw new SplitreelError(appError('DISK_FULL', { folder, neededBytes: MIN_FREE_BYTES, freeBytes: free }));
}
