/** What the environment needs from its surroundings. */
import type { Environment, VariantChoice } from '../../shared/environment';
import type { Environ } from '../engine/worker-environment';

export interface EnvironmentOptions {
  /** Where slots lie, and what was downloaded: asked each time, because they can be moved. */
  readonly root: () => string;
  readonly downloadsFolder: () => string;
  /** Pythons that the system lacked. Not moved with the slots, which point to them. */
  readonly pythonsFolder: string;
  readonly choice: () => VariantChoice;
  /** This process. */
  readonly pid: number;
  /** The app's own folders: `python` with the lock, `resources` with environment.json. */
  readonly pythonFolder: string;
  readonly resourcesFolder: string;
  /** uv of the installed app; null: its wheel is fetched with the system's pip. */
  readonly uvProgram: string | null;
  readonly platform: string;
  readonly arch: string;
  readonly env: Environ;
  readonly onChange: (environment: Environment) => void;
}
