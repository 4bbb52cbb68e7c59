/**
 * `npm run record-data`: records a data folder of the version in package.json, made by that version's own services, as a
 * fixture that every later version has to open. Run once for each version, with its release.
 */
import { appError } from '../../src/shared/errors';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { print } from '../../src/cli/terminal';
import { openApp } from '../../src/main/compose/app';
import { dataFolders } from '../../src/main/data-folder';
import { openSlots } from '../../src/main/install/slots';
import { createJobStore, jobsFileSchema, NO_JOBS } from '../../src/main/jobs/job-store';
import { openMeasurements } from '../../src/main/jobs/measurements';
import { downloadsFileSchema, NO_DOWNLOADS } from '../../src/main/models/download-list';
import { recordFile } from '../../src/main/models/record';
import { SILENT_LOG } from '../../src/main/ports/log';
import { openSettings } from '../../src/main/settings/settings';
import { openJsonStore } from '../../src/main/state/json-store';
import { DEFAULT_WINDOW_STATE, windowStateSchema } from '../../src/main/window/window-state';
import { cpuDevices } from '../../src/shared/device';
import type { Job } from '../../src/shared/job';
import { ONE_RANK } from '../../src/shared/plan';
import type { JobReport } from '../../src/shared/protocol';
import { request } from '../fakes/request';
import { metadata, mp4 } from '../fakes/mp4';
import { serviceOptions, servicePorts } from '../fakes/services';
import { EXPECTED, FILE_TIME_MS, HERE, record, RECORDED, restore, see } from './data-folder';

const ports = servicePorts();
const nothing = (): undefined => undefined;

const REPORT: JobReport = {
  totalMs: 12_000,
  msPerStep: 1_500,
  weightBytesRead: 31_000_000,
  stages: [
    { stage: 'denoising', durationMs: 9_000 },
    { stage: 'decoding', durationMs: 2_000 },
    { stage: 'writing', durationMs: 500 },
  ],
  ranks: [],
  notices: [],
};

const job = (id: string): Job => ({
  id,
  createdAtMs: FILE_TIME_MS,
  request: request({ prompt: `the video of job ${id}` }),
  plan: ONE_RANK,
  devices: [...cpuDevices(1)],
  state: { status: 'queued' },
});

async function fill(here: string): Promise<void> {
  const options = serviceOptions(here);
  const folders = dataFolders(options.dataRoot);
  const app = await openApp(ports, options);
  await app.calls.updateSettings({ theme: 'dark', cpuRanks: 2, notifyWhenDone: false, downloadLimit: 5_000_000 });
  await app.calls.updateSettings({
    draft: {
      request: request({ prompt: 'a draft' }),
      plan: ONE_RANK,
      isPlanAutomatic: false,
      isSeedLocked: true,
      isPromptList: false,
    },
  });
  await app.close();
  const settings = await openSettings(ports, { file: folders.settingsFile, onChange: nothing });
  await settings.updateGuarded({ videosFolder: path.join(here, 'my videos'), hubMirror: 'https://hub.example' });
  await settings.setModelFolders([path.join(here, 'a model')]);
  await fillJobs(folders);
  await fillModels(folders);
  await fillEnvironment(folders);
  const window = await openJsonStore(ports, {
    file: folders.windowFile,
    schema: windowStateSchema,
    fallback: DEFAULT_WINDOW_STATE,
  });
  await window.save({ x: 10, y: 20, width: 1_400, height: 900, isMaximized: false, zoom: 1 });
  await mkdir(path.join(here, 'my videos'));
  await writeFile(path.join(here, 'my videos', 'a small dog.mp4'), mp4(JSON.stringify(metadata())));
}

type Folders = ReturnType<typeof dataFolders>;

/** One job of every state that a data folder can be left with. */
async function fillJobs(folders: Folders): Promise<void> {
  const file = await openJsonStore(ports, { file: folders.jobsFile, schema: jobsFileSchema, fallback: NO_JOBS });
  const jobs = createJobStore(file, { folder: folders.root, log: SILENT_LOG, onJobs: nothing, onPaused: nothing });
  await jobs.accept(['finished', 'failed', 'canceled', 'running', 'queued'].map(job));
  for (const id of ['finished', 'failed', 'canceled', 'running']) await jobs.apply(id, { type: 'started' });
  await jobs.apply('finished', { type: 'finished', videoIds: ['a small dog.mp4'], report: REPORT });
  const params = { rank: 1, stage: 'denoising', exit: 'SIGKILL' } as const;
  await jobs.apply('failed', { type: 'failed', error: appError('RANK_DIED', params, { details: 'Traceback' }) });
  await jobs.apply('canceled', { type: 'cancelRequested' });
  await jobs.apply('canceled', { type: 'canceled' });
  const measurements = await openMeasurements(ports, {
    file: folders.measurementsFile,
    log: SILENT_LOG,
    onChange: nothing,
  });
  measurements.add(job('finished'), REPORT);
}

/** A verified model, one that was added to the catalog, and a download that was paused half way. */
async function fillModels(folders: Folders): Promise<void> {
  const model = path.join(folders.models, 'my-model');
  const index = '{"_class_name": "CogVideoXPipeline"}\n';
  await mkdir(model, { recursive: true });
  await writeFile(path.join(model, 'model_index.json'), index);
  await mkdir(folders.verified, { recursive: true });
  // As python/splitreel/store writes it.
  const verified = {
    version: 1,
    repo: 'someone/my-model',
    commit: createHash('sha1').update('commit').digest('hex'),
    files: {
      'model_index.json': {
        size: index.length,
        kind: 'sha256',
        digest: createHash('sha256').update(index).digest('hex'),
        mtimeMs: FILE_TIME_MS,
        isKnown: true,
      },
    },
  };
  await writeFile(recordFile(model, 'models', folders.verified), JSON.stringify(verified));
  const entry = {
    id: 'my-model',
    name: 'My model',
    description: 'One of mine.',
    repositories: ['someone/my-model'],
    license: { name: 'MIT', isOpen: true },
    task: 'text-to-video',
  };
  await writeFile(folders.catalogFile, JSON.stringify({ version: 1, models: [entry] }));
  const final = path.join(folders.models, 'cogvideox-2b');
  const downloads = await openJsonStore(ports, {
    file: folders.downloadsFile,
    schema: downloadsFileSchema,
    fallback: NO_DOWNLOADS,
  });
  const target = {
    repo: 'THUDM/CogVideoX-2b',
    revision: 'main',
    folder: `${final}.part`,
    finalFolder: final,
    recordFile: recordFile(final, 'models', folders.verified),
    isRepair: false,
  };
  await downloads.save({
    version: 1,
    downloads: [{ modelId: 'cogvideox-2b', target, wanted: 'paused', progress: null }],
  });
}

/** Two environment versions, the interpreters empty, and the downloads moved to another disk. */
async function fillEnvironment(folders: Folders): Promise<void> {
  const slots = openSlots(ports, folders.environment);
  for (const slot of ['aaaa-1', 'bbbb-2']) {
    await ports.files.writeAtomically(slots.pythonOf(slot), '');
    const versions = { torch: '2.13.0', diffusers: '0.39.0' };
    const record = {
      versions,
      sizeBytes: 5e9,
      variant: 'cpu',
      hasFlashAttentionLock: false,
      hasMadeVideo: false,
    } as const;
    await slots.writeRecord(slot, { lockHash: slot, ...record });
  }
  await slots.writePointer({ slot: 'bbbb-2', previous: 'aaaa-1' });
  const downloads = path.join(path.dirname(folders.root), 'other disk', 'splitreel', 'downloads');
  await writeFile(folders.locationsFile, JSON.stringify({ environment: null, downloads }));
}

const { version } = JSON.parse(await readFile(path.resolve('package.json'), 'utf8')) as { version: string };
const isRecorded = await access(path.join(RECORDED, version)).then(
  () => true,
  () => false,
);
if (isRecorded) throw new Error(`${version} is recorded already. A version that is out is never recorded again.`);
const here = await mkdtemp(path.join(tmpdir(), 'splitreel-record-'));
await fill(path.join(here, 'home'));
await rm(path.join(here, 'home', 'data', 'logs'), { recursive: true, force: true });
await record(path.join(here, 'home'), version);
// What this version sees in its own folder, where the placeholders stand for other folders again.
const opened = path.join(here, 'opened');
await restore(version, opened);
const seen = JSON.stringify(await see(opened), null, 2).replaceAll(opened, HERE);
await writeFile(path.join(RECORDED, version, EXPECTED), `${seen}\n`);
print(path.relative(process.cwd(), path.join(RECORDED, version)));
await rm(here, { recursive: true });
