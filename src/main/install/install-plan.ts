/** All that one install is told: what to make, of what, where, and whom to tell. */
import type { InstallProgress, Variant, VariantChoice } from '../../shared/environment';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';
import type { InstallSettings } from './install-settings';
import type { Slots } from './slots';

export interface InstallPorts {
  readonly files: Files;
  readonly processes: Pick<Processes, 'run' | 'find' | 'tree' | 'killPid'>;
  readonly log: Log;
}

export interface InstallPlan {
  readonly root: string;
  readonly slot: string;
  readonly slots: Slots;
  readonly settings: InstallSettings;
  readonly variant: Variant;
  /** The lock of this variant, and its hash. */
  readonly lock: string;
  readonly lockHash: string;
  /** A folder that `npm run bundle` made: nothing is fetched then. Null: from the index. */
  readonly bundle: string | null;
  /** Holds the app's own Python package. */
  readonly pythonFolder: string;
  /** uv that came with the app; null: it is fetched. */
  readonly uvProgram: string | null;
  /** Each is tried with a tiny video before the slot counts. */
  readonly devices: readonly ('cpu' | 'cuda')[];
  readonly env: Readonly<Record<string, string>>;
  readonly workerEnv: Readonly<Record<string, string>>;
  /** For all that is written down of what programs say: `env` may hold passwords. */
  readonly hideSecrets: (text: string) => string;
  /** `linux-x64` and the like. */
  readonly machineKind: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: InstallProgress) => void;
}

export interface InstallRequest {
  /** Null: as the settings say. */
  readonly variant?: VariantChoice | null;
  /** A folder that `npm run bundle` made; null: from the package index. */
  readonly bundle?: string | null;
}

export interface BundleSource {
  readonly variant: Variant;
  readonly lock: string;
  readonly lockHash: string;
  readonly machineKind: string;
  readonly tool: string;
  readonly env: Readonly<Record<string, string>>;
}
