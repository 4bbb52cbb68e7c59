/** Finds or downloads the Electron that the app runs on. */
import { print } from '../../src/cli/terminal';
import { fallbackRuntime } from './fallback';
import { FALLBACK_NOTE, FALLBACK_VERSION } from './note';
import { officialRuntime } from './official';

export interface Runtime {
  readonly program: string;
  readonly kind: 'official' | 'fallback';
  readonly version: string;
  /** What the app shows in Settings > About. */
  readonly env: Readonly<Record<string, string>>;
}

export async function findRuntime(): Promise<Runtime> {
  const official = await officialRuntime();
  if (official !== null)
    return {
      program: official.program,
      kind: 'official',
      version: official.version,
      env: { SPLITREEL_RUNTIME: 'official' },
    };
  const program = await fallbackRuntime();
  print(FALLBACK_NOTE);
  const env = { SPLITREEL_RUNTIME: 'fallback', SPLITREEL_RUNTIME_NOTE: FALLBACK_NOTE };
  return { program, kind: 'fallback', version: FALLBACK_VERSION, env };
}
