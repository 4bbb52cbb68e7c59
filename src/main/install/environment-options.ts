/** What the environment service needs from the app. */
import type { Environment, VariantChoice } from '../../shared/environment';
import type { Environ } from '../engine/worker-environment';

export interface EnvironmentOptions {
  /** The folders of slots and downloads, read each time because they can be moved. */
  readonly root: () => string;
  readonly downloadsFolder: () => string;
  /** Downloaded Pythons. They don't move with the slots, which point to them. */
  readonly pythonsFolder: string;
  readonly choice: () => VariantChoice;
  /** This process. */
  readonly pid: number;
  /** The app's own folders: `python` with the lock, `resources` with environment.json. */
  readonly pythonFolder: string;
  readonly resourcesFolder: string;
  /** The installed app's own uv; null: its wheel is downloaded with the system's pip. */
  readonly uvProgram: string | null;
  readonly platform: string;
  readonly arch: string;
  readonly env: Environ;
  readonly onChange: (environment: Environment) => void;
}
