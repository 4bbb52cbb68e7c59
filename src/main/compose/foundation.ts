/** What every service needs: ports, folders, the log, the state that the window sees, and signals. */
import { appError, type AppError } from '../../shared/errors';
import type { Slices } from '../../shared/ipc';
import type { Language } from '../../shared/language';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings';
import type { WorkerEvent } from '../../shared/protocol';
import { dataFolders, type DataFolders } from '../data-folder';
import { openLogFile, type LogFile } from '../diagnostics/log-file';
import { STOPPED_ENGINE } from '../engine/engine';
import type { Environ } from '../engine/worker-environment';
import { IDLE_DOCTOR } from '../diagnostics/doctor';
import { UNKNOWN_STORAGE } from '../storage/storage';
import { UNKNOWN_MACHINE, type SystemFacts } from '../gpus/machine-watch';
import { isActive } from '../jobs/job-list';
import type { Clock } from '../ports/clock';
import type { Desktop } from '../ports/desktop';
import type { Files } from '../ports/files';
import type { Processes } from '../ports/processes';
import type { Random } from '../ports/random';
import type { Secrets } from '../ports/secrets';
import type { Web } from '../ports/web';
import { createSignal, type Signal } from '../state/signal';
import { createSliceStore, type SliceStore } from '../state/slice-store';

export interface AppPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly processes: Processes;
  readonly desktop: Desktop;
  readonly secrets: Secrets;
  readonly readSystem: () => Promise<SystemFacts>;
  readonly hasNvidiaCard: () => Promise<boolean>;
  readonly web: Web;
  readonly makeThumbnail: (videoUrl: string) => Promise<Uint8Array | null>;
}

export interface AppOptions {
  readonly dataRoot: string;
  readonly cacheFolder: string;
  readonly pythonFolder: string;
  /** The installed app's own uv; null in a checkout. */
  readonly uvProgram: string | null;
  readonly resourcesFolder: string;
  /** Third-party notices and the bill of materials; null in a checkout. */
  readonly noticesFolder: string | null;
  /** The default videos folder. */
  readonly defaultVideosFolder: string;
  readonly home: string;
  readonly env: Environ;
  /** The system's preferred languages, best first. */
  readonly systemLanguages: readonly string[];
  /** This process. */
  readonly pid: number;
  readonly platform: string;
  readonly arch: string;
  readonly about: Omit<Slices['about'], 'dataFolder' | 'videosFolder' | 'logsFolder'>;
}

/** Created before any service, so that services can refer to each other in any order. */
export interface Signals {
  readonly settingsChanged: Signal<Settings>;
  /** The user chose another language: the window has to reload. */
  readonly languageChanged: Signal<Language>;
  /** A working environment is available, for the first time or in another version. */
  readonly environmentReady: Signal<void>;
  readonly engineEvent: Signal<WorkerEvent>;
  /** The worker has ended, and with it the running job. */
  readonly engineLost: Signal<AppError>;
  /** True while a video is being generated: the files it reads must not change. */
  readonly isBusy: () => boolean;
}

export interface Foundation {
  readonly ports: AppPorts;
  readonly options: AppOptions;
  readonly folders: DataFolders;
  readonly log: LogFile;
  readonly store: SliceStore;
  readonly signals: Signals;
  /** Shows a problem to the user once; does nothing for null. */
  readonly notify: (problem: AppError | null) => void;
}

export function createFoundation(ports: AppPorts, options: AppOptions): Foundation {
  const folders = dataFolders(options.dataRoot);
  const log = openLogFile(ports, folders.logs);
  const notify = (problem: AppError | null): void => {
    if (problem === null) return;
    store.set('notices', [...store.get('notices'), { id: ports.random.id(), error: problem }]);
  };
  const store = createSliceStore(initialSlices(folders, options), (slice, problem) => {
    log.error(`a value of ${slice} does not match the contract`, problem);
    if (slice !== 'notices') notify(appError('INTERNAL', {}, { details: `${slice}: ${problem}` }));
  });
  return {
    ports,
    options,
    folders,
    log,
    store,
    signals: {
      settingsChanged: createSignal(),
      languageChanged: createSignal(),
      environmentReady: createSignal(),
      engineEvent: createSignal(),
      engineLost: createSignal(),
      isBusy: () => store.get('jobs').some(isActive),
    },
    notify,
  };
}

/** Each service replaces its slice while it opens, before a window can read it. */
const initialSlices = (folders: DataFolders, options: AppOptions): Slices => ({
  settings: DEFAULT_SETTINGS,
  machine: UNKNOWN_MACHINE,
  environment: { status: 'unknown' },
  engine: STOPPED_ENGINE,
  models: [],
  downloads: [],
  hub: { isSignedIn: false, isTokenKept: false, modelsFolder: folders.models, freeBytes: null, moving: null },
  jobs: [],
  queue: { isPaused: false },
  clickedNotification: null,
  progress: null,
  library: [],
  promptHistory: [],
  presets: [],
  rewriting: { hasKey: false, isKeyKept: false },
  notices: [],
  measurements: [],
  exports: [],
  doctor: IDLE_DOCTOR,
  storage: UNKNOWN_STORAGE,
  updates: { hasKey: false, feed: '', check: { status: 'idle' } },
  about: {
    ...options.about,
    dataFolder: folders.root,
    videosFolder: options.defaultVideosFolder,
    logsFolder: folders.logs,
  },
});
