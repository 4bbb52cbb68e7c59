/** Everything one install needs: what to make, from what, where, and where to report progress. */
import type { InstallProgress, Variant, VariantChoice } from '../../shared/environment';
import type { Clock } from '../ports/clock';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';
import type { InstallSettings } from './install-settings';
import type { Slots } from './slots';
import type { Wheel } from './variant';

export interface InstallPorts {
  readonly clock: Clock;
  readonly files: Files;
  readonly processes: Processes;
  readonly log: Log;
}

export interface InstallPlan {
  readonly root: string;
  readonly slot: string;
  readonly slots: Slots;
  readonly settings: InstallSettings;
  readonly variant: Variant;
  /** The variant's lock, FlashAttention's lock if a GPU can run it, and the hash of both. */
  readonly lock: string;
  readonly flashAttentionLock: string | null;
  readonly lockHash: string;
  /** The wheels of both locks, and which of them must be downloaded. */
  readonly wheels: readonly Wheel[];
  readonly downloadBytes: number;
  readonly uvCache: string;
  /** A folder made by `npm run bundle`; nothing is downloaded then. Null: from the index. */
  readonly bundle: string | null;
  /** Holds the app's own Python package. */
  readonly pythonFolder: string;
  /** The app's own uv; null: it is downloaded. */
  readonly uvProgram: string | null;
  /** Each must generate a tiny video before the slot counts as ready. */
  readonly devices: readonly ('cpu' | 'cuda')[];
  readonly env: Readonly<Record<string, string>>;
  readonly workerEnv: Readonly<Record<string, string>>;
  /** Applied to all recorded output of programs, because `env` may hold passwords. */
  readonly hideSecrets: (text: string) => string;
  /** `linux-x64` and the like. */
  readonly machineKind: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: InstallProgress) => void;
}

/** A step without numbers. */
export const atStep = (step: InstallProgress['step'], current: string | null = null): InstallProgress => ({
  step,
  completed: null,
  total: null,
  downloadedBytes: null,
  totalBytes: null,
  bytesPerSecond: null,
  current,
  check: null,
});

export interface InstallRequest {
  /** Null: from the settings. */
  readonly variant?: VariantChoice | null;
  /** A folder made by `npm run bundle`; null: from the package index. */
  readonly bundle?: string | null;
}

export interface BundleSource {
  readonly variant: Variant;
  readonly lock: string;
  readonly lockHash: string;
  readonly machineKind: string;
  readonly tool: string;
  /** An existing uv, to download Python with; null: there is none. */
  readonly uv: string | null;
  readonly pythonVersion: string;
  readonly env: Readonly<Record<string, string>>;
}
