import type { ReplaceableEngine } from '../engine/replace';
import type { EnvironmentService } from '../install/environment';
import { appError, describeError, type AppError } from '../../shared/errors';
import { jobSchema, type Job } from '../../shared/job';
import { openMeasurements } from '../jobs/measurements';
import { notificationText } from '../jobs/notification';
import { fractionOf } from '../jobs/progress';
import { createJobStore, jobsFileSchema, NO_JOBS, type JobStore } from '../jobs/job-store';
import { openQueue, type Queue } from '../jobs/queue';
import { createContinuations, type Continuations } from '../library/continuations';
import { currentPython, startFileCommand } from '../library/file-command';
import type { Library } from '../library/library';
import type { Models } from '../models/models';
import type { SettingsService } from '../settings/settings';
import { openJsonStore } from '../state/json-store';
import { mapPieces } from '../state/pieces';
import type { Foundation } from './foundation';
import { fileCommandPorts } from './library';
import { videosFolder } from './settings';

export interface JobServices {
  readonly engine: ReplaceableEngine;
  readonly environment: EnvironmentService;
  readonly library: Library;
  readonly models: Models;
  readonly settings: SettingsService;
}

export interface ComposedJobs {
  readonly queue: Queue;
  readonly continuations: Continuations;
}

export async function composeJobs(base: Foundation, services: JobServices): Promise<ComposedJobs> {
  const { ports, folders, log, store, signals } = base;
  const { desktop } = ports;
  const jobs = await openJobs(base);
  const measurements = await openMeasurements(ports, {
    file: folders.measurementsFile,
    log,
    onChange: (value) => store.set('measurements', value),
  });
  base.notify(measurements.problem);
  const commandPorts = fileCommandPorts(base, services.environment);
  const continuations = createContinuations({
    log,
    startJoin: async (...files) =>
      startFileCommand(commandPorts, await currentPython(commandPorts), ['join', ...files]),
    library: services.library,
    // A drive that fails counts as one that is away.
    hasVideosFolder: async () =>
      (await ports.files.stat(videosFolder(base, services.settings)).catch(() => null)) !== null,
    jobs,
    notify: base.notify,
  });
  // Jobs that prove nothing about the current environment. Noted at their end: the engine may restart before their videos
  // are in the library.
  const ofReplaced = new Set<string>();
  signals.engineEvent.subscribe((event) => {
    if (event.type === 'jobFinished' && services.engine.isReplaced()) ofReplaced.add(event.jobId);
  });
  const onEnded = (job: Job, failures: readonly AppError[]): void => {
    base.notify(missingVideos(job, failures));
    if (job.state.status === 'finished') {
      void continuations.join(job.id);
      measurements.add(job, job.state.report);
      if (!ofReplaced.has(job.id))
        services.environment.videoMade().catch((error: unknown) => log.error('the slot could not be marked', error));
    }
    const text = services.settings.get().notifyWhenDone && !desktop.isWindowInFront() ? notificationText(job) : null;
    if (text !== null) desktop.notify({ ...text, onClick: () => openResult(base, job.id) });
  };
  const queue = await openQueue(
    {
      ...ports,
      log,
      engine: services.engine,
      jobs,
      machine: () => store.get('machine'),
      models: services.models.get,
      videosFolder: () => videosFolder(base, services.settings),
      previewsFolder: folders.previews,
      tailMs: measurements.tailFor,
      addVideos: services.library.add,
    },
    {
      onProgress: (progress) => {
        store.set('progress', progress);
        if (signals.isBusy()) desktop.showProgress(fractionOf(progress));
      },
      onEnded,
    },
  );
  signals.engineEvent.subscribe(queue.handleEvent);
  signals.engineLost.subscribe(queue.handleLost);
  signals.environmentReady.subscribe(queue.advance);
  return { queue, continuations };
}

/** Null if the job has all its videos. */
function missingVideos({ request }: Job, failures: readonly AppError[]): AppError | null {
  if (failures.length === 0) return null;
  const reasons = new Set(failures.map((failure) => describeError(failure).message));
  const params = { failed: failures.length, videos: request.videoCount };
  return appError('VIDEOS_FAILED', params, { details: [...reasons].join('\n') });
}

function openResult({ store }: Foundation, jobId: string): void {
  store.set('clickedNotification', { jobId, count: (store.get('clickedNotification')?.count ?? 0) + 1 });
}

async function openJobs({ ports, folders, log, notify, store, signals }: Foundation): Promise<JobStore> {
  const saved = await openJsonStore(ports, {
    file: folders.jobsFile,
    schema: jobsFileSchema,
    fallback: NO_JOBS,
    isCompact: true,
    long: { key: 'jobs', item: jobSchema },
    onUnsaved: notify,
  });
  notify(saved.problem);
  const onJobs = (jobs: readonly Job[]): void => {
    store.set('jobs', [...jobs]);
    if (!signals.isBusy()) ports.desktop.showProgress(null);
    ports.desktop.keepAwake(signals.isBusy());
  };
  const onPaused = (isPaused: boolean): void => store.set('queue', { isPaused });
  await mapPieces(saved.value().jobs, (piece) => piece.forEach((job) => store.check('jobs', job)));
  onJobs(saved.value().jobs);
  onPaused(saved.value().isPaused);
  return createJobStore(saved, { folder: folders.root, log, onJobs, onPaused });
}
