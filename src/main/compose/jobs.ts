import type { Engine } from '../engine/engine';
import type { EnvironmentService } from '../install/environment';
import type { Job } from '../../shared/job';
import type { JobReport } from '../../shared/protocol';
import { openMeasurements } from '../jobs/measurements';
import { fractionOf } from '../jobs/progress';
import { jobsFileSchema, NO_JOBS, openQueue, type Queue } from '../jobs/queue';
import type { Library } from '../library/library';
import type { Models } from '../models/models';
import type { SettingsService } from '../settings/settings';
import { openJsonStore } from '../state/json-store';
import type { Foundation } from './foundation';
import { videosFolder } from './settings';

export interface JobServices {
  readonly engine: Engine;
  readonly environment: EnvironmentService;
  readonly library: Library;
  readonly models: Models;
  readonly settings: SettingsService;
}

export async function composeJobs(base: Foundation, services: JobServices): Promise<Queue> {
  const { ports, folders, log, store, signals } = base;
  const { desktop } = ports;
  const jobsStore = await openJsonStore(ports, { file: folders.jobsFile, schema: jobsFileSchema, fallback: NO_JOBS });
  const measurements = await openMeasurements(ports, {
    file: folders.measurementsFile,
    log,
    onChange: (value) => store.set('measurements', value),
  });
  base.notify(jobsStore.problem);
  base.notify(measurements.problem);
  const onFinished = (job: Job, report: JobReport): void => {
    measurements.add(job, report);
    services.environment.videoMade().catch((error: unknown) => log.error('the slot could not be marked', error));
    if (services.settings.get().notifyWhenDone && !desktop.isWindowInFront())
      desktop.notify('Splitreel', 'A video is finished.');
  };
  const queue = await openQueue(
    {
      ...ports,
      log,
      engine: services.engine,
      store: jobsStore,
      machine: () => store.get('machine'),
      models: services.models.get,
      videosFolder: () => videosFolder(base, services.settings),
      previewsFolder: folders.previews,
      tailMs: measurements.tailFor,
      addVideos: services.library.add,
    },
    {
      onJobs: (jobs) => {
        store.set('jobs', [...jobs]);
        if (!signals.isBusy()) desktop.showProgress(null);
      },
      onProgress: (progress) => {
        store.set('progress', progress);
        if (signals.isBusy()) desktop.showProgress(fractionOf(progress));
      },
      onFinished,
    },
  );
  signals.engineEvent.subscribe(queue.handleEvent);
  signals.engineLost.subscribe(queue.handleLost);
  signals.environmentReady.subscribe(queue.advance);
  return queue;
}
