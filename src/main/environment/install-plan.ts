/** All that one install is told: what to make, of what, where, and whom to tell. */
import type { InstallProgress } from '../../shared/environment';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';
import type { InstallSettings } from './install-settings';
import type { Slots } from './slots';

export interface InstallPorts {
  readonly files: Files;
  readonly processes: Pick<Processes, 'run'>;
  readonly log: Log;
}

export interface InstallPlan {
  readonly root: string;
  readonly slot: string;
  readonly slots: Slots;
  readonly settings: InstallSettings;
  readonly lockFile: string;
  readonly lockHash: string;
  /** The app's own Python package: on the slot's path by a .pth file. */
  readonly pythonFolder: string;
  /** A model to try it with; null: a tiny one is made. */
  readonly demoModel: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly workerEnv: Readonly<Record<string, string>>;
  /** `linux-x64` and the like. */
  readonly machineKind: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: InstallProgress) => void;
}
