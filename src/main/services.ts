/** Puts the services together: who tells whom. Free of Electron, so that all of it runs in tests with other ports. */
import path from 'node:path';
import { type AppError } from '../shared/errors';
import type { Slices } from '../shared/ipc';
import type { JobProgress } from '../shared/job';
import { openLogFile } from './diagnostics/log-file';
import { dataFolders, defaultPlaces, type DataFolders } from './data-folder';
import { createEngine, STOPPED_ENGINE, type Engine } from './engine/engine';
import { linkSwitches, type Environ } from './engine/worker-environment';
import { createDoctor, IDLE_DOCTOR } from './diagnostics/doctor';
import { createEnvironment, type EnvironmentService } from './install/environment';
import { openPlaces } from './storage/locations';
import { MAKE_DEMO } from './install/smoke-test';
import { createStorage, UNKNOWN_STORAGE } from './storage/storage';
import { createMachineWatch, UNKNOWN_MACHINE, type SystemFacts } from './gpus/machine-watch';
import { createNvidiaSmi } from './gpus/nvidia-smi';
import type { Services } from './handlers';
import {
  addMeasurement,
  measure,
  measurementsFileSchema,
  measurementsSlice,
  NO_MEASUREMENTS,
  tailFor,
} from './jobs/measurements';
import { jobsFileSchema, NO_JOBS, openQueue, type Queue } from './jobs/queue';
import { deviceNames } from './jobs/validate';
import { createLibrary } from './library/library';
import { openHubService } from './models/hub-service';
import type { Clock } from './ports/clock';
import type { Desktop } from './ports/desktop';
import type { Files } from './ports/files';
import type { Processes } from './ports/processes';
import type { Random } from './ports/random';
import type { Secrets } from './ports/secrets';
import { openSettings } from './settings/settings';
import { openJsonStore } from './state/json-store';
import { createSliceStore, type SliceStore } from './state/slice-store';

export interface AppPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly processes: Processes;
  readonly desktop: Desktop;
  readonly secrets: Secrets;
  readonly readSystem: () => Promise<SystemFacts>;
  readonly hasNvidiaCard: () => Promise<boolean>;
  readonly makeThumbnail: (videoUrl: string) => Promise<Uint8Array | null>;
}

export interface AppOptions {
  readonly dataRoot: string;
  readonly cacheFolder: string;
  readonly pythonFolder: string;
  readonly resourcesFolder: string;
  /** Where videos go unless the person chose another folder. */
  readonly defaultVideosFolder: string;
  readonly home: string;
  readonly env: Environ;
  /** This process. */
  readonly pid: number;
  readonly platform: string;
  readonly arch: string;
  readonly about: Omit<Slices['about'], 'dataFolder' | 'videosFolder' | 'logsFolder'>;
  readonly hungAfterMs?: number;
}

export interface App extends Services {
  readonly folders: DataFolders;
  /** Reads the disk and starts what runs in the background; the window need not wait for it. */
  readonly begin: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Known only once the others are there. */
interface Later {
  store: SliceStore | null;
  library: (() => Promise<void>) | null;
  settings: (() => void) | null;
  links: (() => Promise<void>) | null;
}

const MINIMUM_DRIVER_FALLBACK = '0';

export async function openApp(ports: AppPorts, options: AppOptions): Promise<App> {
  const { files, clock, random, processes, desktop } = ports;
  const folders = dataFolders(options.dataRoot);
  const log = openLogFile(ports, folders.logs);
  const notices: Slices['notices'][number][] = [];
  const notice = (problem: AppError | null): void => {
    if (problem !== null) notices.push({ id: random.id(), error: problem });
  };

  // Each store is opened before the slices, so that the first snapshot is the truth.
  const later: Later = { store: null, library: null, settings: null, links: null };
  const publish = <K extends keyof Slices>(slice: K, value: Slices[K]): void => later.store?.set(slice, value);
  const videosFolder = (): string => settings.get().videosFolder ?? options.defaultVideosFolder;
  const about = (): Slices['about'] => ({
    ...options.about,
    dataFolder: folders.root,
    videosFolder: videosFolder(),
    logsFolder: folders.logs,
  });
  let knownVideosFolder = '';
  let wasP2pOff: boolean | null = null;
  const settings = await openSettings(ports, {
    file: folders.settingsFile,
    onChange: (value) => {
      publish('settings', value);
      later.settings?.();
      if (wasP2pOff !== null && wasP2pOff !== value.isP2pOff) void later.links?.();
      wasP2pOff = value.isP2pOff;
      if (videosFolder() === knownVideosFolder) return;
      knownVideosFolder = videosFolder();
      publish('about', about());
      void later.library?.();
    },
  });
  knownVideosFolder = videosFolder();
  wasP2pOff = settings.get().isP2pOff;
  const jobsStore = await openJsonStore(ports, { file: folders.jobsFile, schema: jobsFileSchema, fallback: NO_JOBS });
  const measurements = await openJsonStore(ports, {
    file: folders.measurementsFile,
    schema: measurementsFileSchema,
    fallback: NO_MEASUREMENTS,
  });
  for (const opened of [settings, jobsStore, measurements]) notice(opened.problem);

  const store = createSliceStore({
    settings: settings.get(),
    machine: UNKNOWN_MACHINE,
    environment: { status: 'unknown' },
    engine: STOPPED_ENGINE,
    models: [],
    downloads: [],
    hub: { isSignedIn: false, isTokenKept: false, modelsFolder: folders.models, moving: null },
    jobs: jobsStore.value().jobs,
    progress: null,
    library: [],
    notices,
    measurements: measurementsSlice(measurements.value()),
    doctor: IDLE_DOCTOR,
    storage: UNKNOWN_STORAGE,
    about: about(),
  });
  later.store = store;

  const places = await openPlaces(ports, {
    file: folders.placesFile,
    defaults: defaultPlaces(folders, options.cacheFolder),
  });
  const environment = createEnvironment(
    { files, processes, log, random },
    {
      root: () => places.folderOf('environment'),
      downloadsFolder: () => places.folderOf('downloads'),
      pythonsFolder: folders.pythons,
      choice: () => settings.get().environmentVariant,
      pid: options.pid,
      pythonFolder: options.pythonFolder,
      resourcesFolder: options.resourcesFolder,
      platform: options.platform,
      arch: options.arch,
      env: options.env,
      onChange: (value) => publish('environment', value),
    },
  );
  const minimumDriver = await environment.installSettings().then(
    (found) => found.minimumDriver,
    () => MINIMUM_DRIVER_FALLBACK,
  );
  const machine = createMachineWatch(
    {
      clock,
      nvidiaSmi: createNvidiaSmi(processes, { PATH: options.env['PATH'] ?? '', LC_ALL: 'C' }),
      readSystem: ports.readSystem,
      hasNvidiaCard: ports.hasNvidiaCard,
      minimumDriver,
    },
    (value) => publish('machine', value),
  );
  const library = createLibrary(
    { files, log, folder: videosFolder, thumbnailsFolder: folders.thumbnails, makeThumbnail: ports.makeThumbnail },
    (videos) => publish('library', [...videos]),
  );
  later.library = library.scan;
  const queueLater: { queue: Queue | null } = { queue: null };
  const hub = await openHubService(
    {
      ...ports,
      log,
      settings,
      python: environment.current,
      makeDemo: async (folder) => {
        const current = await environment.current();
        if (current === null) return false;
        const outcome = await processes.run(current.python, {
          args: ['-I', '-c', MAKE_DEMO, folder],
          env: current.env,
        });
        return outcome.kind === 'exited' && outcome.code === 0;
      },
      isBusy: () => queueLater.queue?.isRunning() === true,
    },
    {
      ...options,
      dataRoot: folders.root,
      defaultModelsFolder: folders.models,
      recordsFolder: folders.verified,
      downloadsFile: folders.downloadsFile,
      catalogueFile: folders.catalogueFile,
      tokenFile: folders.tokenFile,
      onModels: (value) => publish('models', [...value]),
      onDownloads: (value) => publish('downloads', [...value]),
      onState: (value) => publish('hub', value),
    },
  );
  const { models } = hub;
  for (const problem of hub.problems) notice(problem);
  later.settings = hub.configure;
  publish('hub', hub.state());
  publish('downloads', [...hub.downloads.get()]);

  const engine = createEngine(
    {
      files,
      processes,
      log,
      clock,
      random,
      startProcess: () => startSupervisor(processes, environment, folders, linkSwitches(settings.get())),
    },
    {
      pidFile: folders.workerPidFile,
      onState: (value) => publish('engine', value),
      onEvent: (event) => queueLater.queue?.handleEvent(event),
      onLost: (error) => queueLater.queue?.handleLost(error),
      ...(options.hungAfterMs === undefined ? {} : { hungAfterMs: options.hungAfterMs }),
    },
  );
  const queue = await openQueue(
    {
      files,
      clock,
      random,
      log,
      engine,
      store: jobsStore,
      machine: () => store.get('machine'),
      models: models.get,
      videosFolder,
      previewsFolder: folders.previews,
      tailMs: (job) => tailFor(measurements.value(), job, deviceNames(job.devices, store.get('machine'))),
      addVideos: library.add,
    },
    {
      onJobs: (jobs) => {
        publish('jobs', [...jobs]);
        if (!jobs.some(({ state }) => state.status === 'running')) desktop.showProgress(null);
      },
      onProgress: (progress) => {
        publish('progress', progress);
        if (queueLater.queue?.isRunning() === true) desktop.showProgress(fractionOf(progress));
      },
      onFinished: (job, report) => {
        const added = measure(job, report, deviceNames(job.devices, store.get('machine')));
        measurements
          .save(addMeasurement(measurements.value(), added))
          .catch((error: unknown) => log.error('a measurement could not be kept', error));
        publish('measurements', measurementsSlice(measurements.value()));
        environment.videoMade().catch((error: unknown) => log.error('the slot could not be marked', error));
        if (settings.get().notifyWhenDone && !desktop.isWindowInFront())
          desktop.notify('Splitreel', 'A video is finished.');
      },
    },
  );
  queueLater.queue = queue;

  const environmentChanged = async (): Promise<void> => {
    if (environment.get().status !== 'ready') return;
    await Promise.all([engine.start(), models.ensureDemo()]);
    queue.advance();
    hub.resume();
  };
  // A worker that runs has the switches of its start: it is started anew, unless it is making a video.
  later.links = async () => {
    if (queue.isRunning()) return;
    await engine.stop();
    await environmentChanged();
  };
  const doctor = createDoctor(processes, environment, {
    dataRoot: folders.root,
    pythonFolder: options.pythonFolder,
    env: options.env,
    linkSwitches: () => linkSwitches(settings.get()),
    onChange: (value) => publish('doctor', value),
  });
  const modelsFolder = (): string => settings.get().modelsFolder ?? folders.models;
  const storage = createStorage(
    { files, places, environment, isBusy: queue.isRunning, modelsFolder, stopEngine: engine.stop },
    { folders, onChange: (value) => publish('storage', value) },
  );
  return {
    files,
    desktop,
    doctor,
    storage,
    store,
    settings,
    machine,
    environment,
    engine,
    models,
    hub,
    queue,
    library,
    log,
    folders,
    logsFolder: folders.logs,
    home: options.home,
    dragIcon: path.join(options.resourcesFolder, 'icons', 'icon.png'),
    environmentChanged,
    begin: async () => {
      log.info(`Splitreel ${options.about.version} on ${options.platform}, Electron ${options.about.electron}`);
      const steps = [machine.refresh(), models.checkAll(), library.scan(), environment.check()];
      for (const outcome of await Promise.allSettled(steps))
        if (outcome.status === 'rejected') log.error('a start step failed', outcome.reason);
      await environmentChanged();
      await storage.resume().catch((error: unknown) => log.error('a move could not be gone on with', error));
    },
    close: async () => {
      doctor.stop();
      storage.cancelMove();
      await Promise.all([hub.close(), closeAll(queue, engine, machine, environment, log)]);
    },
  };
}

async function closeAll(
  queue: Queue,
  engine: Engine,
  machine: { readonly stop: () => void },
  environment: EnvironmentService,
  log: { readonly flush: () => Promise<void> },
): Promise<void> {
  machine.stop();
  environment.cancel();
  await queue.close();
  await engine.stop();
  await log.flush();
}

async function startSupervisor(
  processes: Processes,
  environment: EnvironmentService,
  folders: DataFolders,
  switches: Readonly<Record<string, string>>,
): Promise<ReturnType<Processes['startWorker']> | null> {
  const current = await environment.current();
  if (current === null) return null;
  return processes.startWorker(current.python, {
    args: ['-I', '-m', 'splitreel', 'serve'],
    env: { ...current.env, ...switches },
    cwd: folders.root,
  });
}

/** Steps done of all steps, over the job's videos: the part of the work that counts in equal pieces. */
export function fractionOf(progress: JobProgress | null): number | null {
  if (progress === null) return null;
  const stages = progress.videos.flatMap(({ stages: all }) => all.filter(({ stage }) => stage === 'denoising'));
  const total = stages.reduce((sum, stage) => sum + stage.total, 0);
  return total === 0 ? null : stages.reduce((sum, stage) => sum + stage.completed, 0) / total;
}
