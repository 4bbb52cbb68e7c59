/** What each call of the contract does, in terms of the services. No logic of its own beyond asking the desktop. */
import path from 'node:path';
import { appError, SplitreelError } from '../shared/errors';
import { PLACE_NAMES } from '../shared/storage';
import { makeBundle } from './diagnostics/bundle';
import type { LogFile } from './diagnostics/log-file';
import type { Engine } from './engine/engine';
import type { DoctorService } from './diagnostics/doctor';
import type { EnvironmentService } from './install/environment';
import type { InstallRequest } from './install/install-plan';
import type { StorageService } from './storage/storage';
import type { MachineWatch } from './gpus/machine-watch';
import type { CallHandlers } from './ipc/router';
import type { Queue } from './jobs/queue';
import type { Library } from './library/library';
import type { HubService } from './models/hub-service';
import type { Models } from './models/models';
import type { Desktop } from './ports/desktop';
import type { Files } from './ports/files';
import type { SettingsService } from './settings/settings';
import type { SliceStore } from './state/slice-store';

export interface Services {
  readonly files: Files;
  readonly desktop: Desktop;
  readonly store: SliceStore;
  readonly settings: SettingsService;
  readonly machine: MachineWatch;
  readonly environment: EnvironmentService;
  readonly engine: Engine;
  readonly doctor: DoctorService;
  readonly storage: StorageService;
  readonly models: Models;
  readonly hub: HubService;
  readonly queue: Queue;
  readonly library: Library;
  readonly log: LogFile;
  readonly logsFolder: string;
  readonly home: string;
  readonly dragIcon: string;
  /** After the environment has changed: the engine, the demo model. */
  readonly environmentChanged: () => Promise<void>;
}

export function createHandlers(services: Services): CallHandlers {
  return {
    ...appHandlers(services),
    ...machineHandlers(services),
    ...modelHandlers(services),
    ...hubHandlers(services),
    ...jobHandlers(services),
    ...libraryHandlers(services),
    ...diagnosticsHandlers(services),
  };
}

type Some<K extends keyof CallHandlers> = Pick<CallHandlers, K>;

function appHandlers({
  desktop,
  files,
  settings,
  store,
}: Services): Some<
  'getSnapshot' | 'updateSettings' | 'chooseVideosFolder' | 'chooseImage' | 'openLink' | 'copyText' | 'dismissNotice'
> {
  return {
    getSnapshot: () => Promise.resolve(store.snapshot()),
    updateSettings: async (patch) => {
      await settings.update(patch);
      return undefined;
    },
    chooseVideosFolder: async () => {
      const folder = await desktop.chooseFolder();
      if (folder === null) return null;
      if (!(await files.canWrite(folder))) throw new SplitreelError(appError('OUTPUT_NOT_WRITABLE', { folder }));
      await settings.update({ videosFolder: folder });
      return folder;
    },
    chooseImage: () => desktop.chooseFile('image'),
    openLink: async ({ link }) => {
      await desktop.openLink(link);
      return undefined;
    },
    copyText: ({ text }) => {
      desktop.copyText(text);
      return Promise.resolve(undefined);
    },
    dismissNotice: ({ noticeId }) => {
      store.set(
        'notices',
        store.get('notices').filter(({ id }) => id !== noticeId),
      );
      return Promise.resolve(undefined);
    },
  };
}

function machineHandlers({
  desktop,
  doctor,
  machine,
  storage,
  environment,
  engine,
  environmentChanged,
}: Services): Some<
  | 'watchMachine'
  | 'refreshMachine'
  | 'installEnvironment'
  | 'estimateInstall'
  | 'installFromFolder'
  | 'installFromArchive'
  | 'chooseInstallFolder'
  | 'runDoctor'
  | 'measureStorage'
  | 'removeStorage'
  | 'moveStorage'
  | 'cancelMove'
  | 'cancelInstall'
  | 'rollBackEnvironment'
  | 'removeEnvironment'
  | 'unloadEngine'
> {
  /** False where it failed and the environment's own state says so: nothing else has to. */
  const install = async (request: InstallRequest): Promise<boolean> => {
    try {
      await environment.install(request);
    } catch (error) {
      if (environment.get().status === 'failed') return false;
      throw error;
    }
    await engine.stop();
    await environmentChanged();
    return true;
  };
  return {
    watchMachine: ({ visible }) => {
      machine.setVisible(visible);
      return Promise.resolve(undefined);
    },
    refreshMachine: async () => {
      await machine.refresh();
      return undefined;
    },
    installEnvironment: async () => {
      await install({});
      return undefined;
    },
    estimateInstall: () => environment.estimate(),
    installFromFolder: async () => {
      const bundle = await desktop.chooseFolder();
      return bundle === null ? false : install({ bundle });
    },
    installFromArchive: async () => {
      const bundle = await desktop.chooseFile('archive');
      return bundle === null ? false : install({ bundle });
    },
    chooseInstallFolder: async () => {
      const chosen = await desktop.chooseFolder();
      if (chosen === null) return false;
      for (const name of PLACE_NAMES) await storage.move(name, chosen);
      await environmentChanged();
      return true;
    },
    runDoctor: async () => {
      await doctor.run();
      return undefined;
    },
    measureStorage: async () => {
      await storage.measure();
      return undefined;
    },
    removeStorage: async ({ id }) => {
      await storage.remove(id);
      return undefined;
    },
    moveStorage: async ({ name, toDefault }) => {
      const chosen = toDefault ? null : await desktop.chooseFolder();
      if (chosen === null && !toDefault) return false;
      await storage.move(name, chosen);
      await environmentChanged();
      return true;
    },
    cancelMove: () => {
      storage.cancelMove();
      return Promise.resolve(undefined);
    },
    cancelInstall: () => {
      environment.cancel();
      return Promise.resolve(undefined);
    },
    rollBackEnvironment: async () => {
      await engine.stop();
      await environment.rollBack();
      await environmentChanged();
      return undefined;
    },
    removeEnvironment: async () => {
      await engine.stop();
      await environment.remove();
      return undefined;
    },
    unloadEngine: () => {
      engine.send({ type: 'unload' });
      return Promise.resolve(undefined);
    },
  };
}

function modelHandlers({
  desktop,
  engine,
  models,
}: Services): Some<'addModelFolder' | 'forgetModel' | 'recheckModel' | 'countTokens'> {
  return {
    addModelFolder: async () => {
      const folder = await desktop.chooseFolder();
      return folder === null ? null : { modelId: await models.add(folder) };
    },
    forgetModel: async ({ modelId }) => {
      await models.forget(modelId);
      return undefined;
    },
    recheckModel: async ({ modelId }) => {
      await models.recheck(modelId);
      return undefined;
    },
    countTokens: ({ modelId, text }) => {
      const model = models.get().find(({ id }) => id === modelId);
      if (model?.state.status !== 'ready' || model.path === null) return Promise.resolve(null);
      return engine.countTokens(model.path, text);
    },
  };
}

type HubCalls =
  | 'lookAtModel'
  | 'downloadModel'
  | 'pauseDownload'
  | 'discardDownload'
  | 'verifyModel'
  | 'removeModel'
  | 'showModelInFolder'
  | 'openModelPage'
  | 'moveModelsFolder'
  | 'signIn'
  | 'signOut';

function hubHandlers({ desktop, engine, hub, models, queue }: Services): Some<HubCalls> {
  const { downloads } = hub;
  const modelOf = (modelId: string) => models.get().find(({ id }) => id === modelId);
  /** Nothing is taken away under a job that reads it. */
  const refuseWhileRunning = (modelId: string): void => {
    if (queue.isRunning())
      throw new SplitreelError(appError('MODEL_IN_USE', { name: modelOf(modelId)?.name ?? modelId }));
  };
  return {
    lookAtModel: ({ modelId }) => downloads.look(modelId),
    downloadModel: async ({ modelId }) => {
      await downloads.start(modelId);
      return undefined;
    },
    pauseDownload: async ({ modelId }) => {
      await downloads.pause(modelId);
      return undefined;
    },
    discardDownload: async ({ modelId }) => {
      await downloads.discard(modelId);
      return undefined;
    },
    verifyModel: async ({ modelId }) => {
      await models.verify(modelId);
      return undefined;
    },
    removeModel: async ({ modelId }) => {
      refuseWhileRunning(modelId);
      engine.send({ type: 'unload' });
      await models.remove(modelId);
      return undefined;
    },
    showModelInFolder: ({ modelId }) => {
      const folder = modelOf(modelId)?.path;
      if (folder !== undefined && folder !== null) desktop.showInFolder(folder);
      return Promise.resolve(undefined);
    },
    openModelPage: async ({ modelId }) => {
      const [repository] = modelOf(modelId)?.offer?.repositories ?? [];
      if (repository !== undefined) await desktop.openModelPage(repository);
      return undefined;
    },
    moveModelsFolder: async () => {
      const folder = await desktop.chooseFolder();
      if (folder === null) return null;
      await hub.move(folder);
      return folder;
    },
    signIn: async ({ token }) => {
      await hub.signIn(token);
      return undefined;
    },
    signOut: async () => {
      await hub.signOut();
      return undefined;
    },
  };
}

function jobHandlers({ queue }: Services): Some<'enqueueJob' | 'cancelJob' | 'retryJob' | 'removeJob' | 'moveJob'> {
  return {
    enqueueJob: async (input) => ({ jobId: await queue.enqueue(input) }),
    cancelJob: async ({ jobId }) => {
      await queue.cancel(jobId);
      return undefined;
    },
    retryJob: async ({ jobId }) => {
      await queue.retry(jobId);
      return undefined;
    },
    removeJob: async ({ jobId }) => {
      await queue.remove(jobId);
      return undefined;
    },
    moveJob: async ({ jobId, toIndex }) => {
      await queue.move(jobId, toIndex);
      return undefined;
    },
  };
}

function libraryHandlers({
  desktop,
  dragIcon,
  files,
  library,
}: Services): Some<'deleteVideo' | 'saveVideoAs' | 'showVideoInFolder' | 'dragVideo' | 'readVideoSettings'> {
  return {
    deleteVideo: async ({ videoId }) => {
      await desktop.moveToBin(await library.fileOf(videoId));
      await library.scan();
      return undefined;
    },
    saveVideoAs: async ({ videoId }) => {
      const file = await library.fileOf(videoId);
      const target = await desktop.chooseSavePath(file);
      if (target === null || path.resolve(target) === file) return target;
      // The dialogue has asked whether a file that is there may be replaced.
      await files.copy(file, target);
      return target;
    },
    showVideoInFolder: async ({ videoId }) => {
      desktop.showInFolder(await library.fileOf(videoId));
      return undefined;
    },
    dragVideo: async ({ videoId }) => {
      const file = await library.fileOf(videoId);
      desktop.startDrag(file, (await library.thumbnailOf(videoId)) ?? dragIcon);
      return undefined;
    },
    readVideoSettings: async (input) => {
      const file = input.path ?? (await desktop.chooseFile('video'));
      return file === null ? null : library.readMetadata(file);
    },
  };
}

function diagnosticsHandlers({
  desktop,
  files,
  home,
  log,
  logsFolder,
  store,
}: Services): Some<'saveDiagnostics' | 'readLogTail' | 'openLogsFolder'> {
  return {
    saveDiagnostics: async ({ includePrompts }) => {
      await log.flush();
      const { slices } = store.snapshot();
      const target = await desktop.chooseSavePath(path.join(home, 'splitreel-diagnostics.tar.gz'));
      if (target === null) return null;
      await files.writeAtomically(target, await makeBundle(files, { slices, logsFolder, home, includePrompts }));
      return target;
    },
    readLogTail: () => log.tail(),
    openLogsFolder: async () => {
      await desktop.openFolder(logsFolder);
      return undefined;
    },
  };
}
