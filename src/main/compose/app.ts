/**
 * Opens the services in order and combines their calls. Independent of Electron, so tests run all of it with other
 * ports.
 */
import path from 'node:path';
import type { AppError } from '../../shared/errors';
import type { Language } from '../../shared/language';
import type { LogFile } from '../diagnostics/log-file';
import { diagnosticsCalls } from '../diagnostics/calls';
import { engineCalls } from '../engine/calls';
import { installCalls } from '../install/calls';
import { createEnvironmentLifecycle } from '../install/lifecycle';
import { machineCalls } from '../gpus/calls';
import type { CallHandlers } from '../ipc/calls';
import { jobCalls } from '../jobs/calls';
import { previewLocator } from '../jobs/previews';
import { libraryCalls } from '../library/calls';
import { createDiscards } from '../library/discards';
import { createGuests } from '../library/guests';
import { modelCalls } from '../models/calls';
import { promptCalls } from '../prompts/calls';
import { rewritingCalls } from '../rewriting/calls';
import { settingsCalls } from '../settings/calls';
import { recordDataFormat } from '../state/data-format';
import type { SliceStore } from '../state/slice-store';
import { storageCalls } from '../storage/calls';
import type { AppFileSources } from '../window/app-protocol';
import { updateCalls } from '../updates/calls';
import { windowCalls } from '../window/calls';
import { composeDoctor } from './doctor';
import { composeEngine } from './engine';
import { composeEnvironment, composeMoves } from './environment';
import { createFoundation, type AppOptions, type AppPorts, type Foundation } from './foundation';
import { composeJobs } from './jobs';
import { composeExports, composeFirstFrames, composeLibrary, usedFirstFrames } from './library';
import { composeMachine } from './machine';
import { composeModels } from './models';
import { composePrompts } from './prompts';
import { composeRewriting } from './rewriting';
import { composeSettings } from './settings';
import { composeStorage } from './storage';
import { composeUpdates } from './updates';

export type { AppOptions, AppPorts } from './foundation';

export interface App {
  readonly store: SliceStore;
  readonly log: LogFile;
  readonly calls: CallHandlers;
  readonly appFiles: AppFileSources;
  readonly isBusy: () => boolean;
  /** Shows a problem to the user once; does nothing for null. */
  readonly notify: (problem: AppError | null) => void;
  /** Asks whether to quit while a video is being generated. */
  readonly confirmQuit: () => Promise<boolean>;
  /** Calls back with the new language; the window has to reload. */
  readonly onLanguageChanged: (listener: (language: Language) => void) => void;
  /** The window has closed, so nothing shows the GPUs anymore. */
  readonly windowGone: () => void;
  /**
   * Files may have changed meanwhile without a report from the watcher, for example on a network drive or beyond the
   * system's watch limit.
   */
  readonly windowFocused: () => void;
  /** Reads the disk and starts background work; the window doesn't wait for it. */
  readonly begin: () => Promise<void>;
  readonly close: () => Promise<void>;
}

type Services = Awaited<ReturnType<typeof openServices>>;

export async function openApp(ports: AppPorts, options: AppOptions): Promise<App> {
  const base = createFoundation(ports, options);
  const services = await openServices(base);
  return {
    store: base.store,
    log: base.log,
    calls: callsOf(base, services),
    appFiles: {
      ...services.library,
      locateVideo: (videoId) => services.library.locateVideo(videoId) ?? services.guests.locate(videoId),
      files: ports.files,
      locatePreview: previewLocator(base.folders.previews),
      locateFirstFrame: () => {
        const file = services.settings.get().draft?.request.imagePath ?? null;
        return file === null ? null : { folder: path.dirname(file), file };
      },
    },
    isBusy: base.signals.isBusy,
    notify: base.notify,
    confirmQuit: ports.desktop.confirmQuit,
    onLanguageChanged: (listener) => void base.signals.languageChanged.subscribe(listener),
    windowGone: () => services.machine.setVisible(false),
    windowFocused: services.library.rescan,
    begin: () => begin(base, services),
    close: () => close(base, services),
  };
}

async function openServices(base: Foundation) {
  await recordDataFormat(base.ports.files, base.folders.formatFile).catch((error: unknown) =>
    base.log.error('the format of the data folder could not be recorded', error),
  );
  const settings = await composeSettings(base);
  const movePorts = await composeMoves(base);
  const { environment, locations } = await composeEnvironment(base, {
    movePorts,
    choice: () => settings.get().environmentVariant,
    onChange: (value) => base.store.set('environment', value),
  });
  const machine = await composeMachine(base, environment);
  const { library, marks } = await composeLibrary(base, settings);
  const exports = composeExports(base, environment);
  const firstFrames = composeFirstFrames(base, environment);
  const discards = createDiscards({ ...base, ...base.ports, library, moveToTrash: base.ports.desktop.moveToTrash });
  const guests = createGuests(base.ports);
  const engine = composeEngine(base, environment, settings);
  const hub = await composeModels(base, { environment, settings, movePorts, unloadEngine: engine.unload });
  const { queue, continuations } = await composeJobs(base, {
    engine,
    environment,
    library,
    models: hub.models,
    settings,
  });
  const doctor = composeDoctor(base, environment, settings);
  const prompts = await composePrompts(base);
  const rewriting = await composeRewriting(base, settings);
  const storage = composeStorage(
    base,
    { environment, locations },
    { settings, library, firstFrames, stopEngine: engine.stop },
  );
  const lifecycle = createEnvironmentLifecycle({
    environment,
    storage,
    isBusy: base.signals.isBusy,
    stopEngine: engine.stop,
    replaceEngine: engine.replace,
    onReady: base.signals.environmentReady.emit,
  });
  const updates = await composeUpdates(base, settings);
  return {
    settings,
    updates,
    environment,
    machine,
    library,
    marks,
    exports,
    firstFrames,
    continuations,
    discards,
    guests,
    hub,
    engine,
    queue,
    prompts,
    rewriting,
    doctor,
    storage,
    lifecycle,
  };
}

function callsOf({ ports, options, folders, log, store }: Foundation, services: Services): CallHandlers {
  const { desktop, files } = ports;
  const { engine, hub, queue } = services;
  const { home } = options;
  return {
    ...windowCalls({ desktop, files, store, noticesFolder: options.noticesFolder }),
    ...updateCalls({ desktop, updates: services.updates }),
    ...settingsCalls({ desktop, files, settings: services.settings }),
    ...machineCalls(services.machine),
    ...installCalls({ desktop, ...services }),
    ...storageCalls({ desktop, ...services }),
    ...engineCalls({ engine, models: hub.models.get }),
    ...modelCalls({ desktop, hub }),
    ...jobCalls(queue, services.continuations),
    ...promptCalls({ desktop, prompts: services.prompts, home }),
    ...rewritingCalls({ desktop, ...services }),
    ...libraryCalls({
      desktop,
      files,
      library: services.library,
      marks: services.marks,
      exports: services.exports,
      firstFrames: services.firstFrames,
      discards: services.discards,
      guests: services.guests,
      settings: services.settings,
      home,
      dragIcon: path.join(options.resourcesFolder, 'icons', 'icon.png'),
    }),
    ...diagnosticsCalls({ desktop, doctor: services.doctor, files, store, log, logsFolder: folders.logs, home }),
  };
}

async function begin(base: Foundation, services: Services): Promise<void> {
  const { log, options } = base;
  const { machine, hub, library, environment, lifecycle, storage } = services;
  log.info(`Splitreel ${options.about.version} on ${options.platform}, Electron ${options.about.electron}`);
  const steps = [machine.refresh(), hub.models.checkAll(), library.scan(), environment.check()];
  for (const outcome of await Promise.allSettled(steps))
    if (outcome.status === 'rejected') log.error('a start step failed', outcome.reason);
  services.updates.configure();
  // First, because the engine must not run from a folder that is being moved away.
  await storage.resume().catch((error: unknown) => log.error('a move could not be resumed', error));
  lifecycle.announce();
  // After the library has been read, because it shows which frames are still used and which parts are still to be
  // joined.
  void services.continuations.resume();
  usedFirstFrames(base, services)
    .then(services.firstFrames.prune)
    .catch((error: unknown) => log.error('old first frames could not be removed', error));
}

async function close({ log }: Foundation, services: Services): Promise<void> {
  services.storage.cancelMove();
  services.machine.stop();
  services.updates.stop();
  services.environment.cancel();
  services.rewriting.cancel();
  const endEngine = async (): Promise<void> => {
    await services.queue.close();
    await services.engine.stop();
  };
  await Promise.all([
    services.hub.close(),
    services.exports.stop(),
    services.continuations.stop(),
    services.doctor.stop(),
    services.discards.flush(),
    endEngine(),
  ]);
  services.library.stop();
  await log.flush();
}
