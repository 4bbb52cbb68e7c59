/**
 * Switches that let another program into the app. A packaged app refuses them always; from a checkout they work for
 * developers who set SPLITREEL_DEVELOPER=1, as the end-to-end tests do.
 */
const SWITCHES = [
  'remote-debugging-port',
  'remote-debugging-pipe',
  'remote-debugging-address',
  'inspect',
  'inspect-brk',
  'inspect-wait',
  'inspect-port',
  'inspect-publish-uid',
  'js-flags',
];
/** Node's own, which Electron reads from the environment: code is run, or the app becomes a plain Node. */
const VARIABLES = ['NODE_OPTIONS', 'ELECTRON_RUN_AS_NODE', 'NODE_REPL_EXTERNAL_MODULE'] as const;

type Environ = Readonly<Record<string, string | undefined>>;

export interface StartConditions {
  readonly argv: readonly string[];
  readonly env: Environ;
  readonly isPackaged: boolean;
}

/** The switch or variable for which the app does not start; null for an ordinary start. */
export function refusedSwitch({ argv, env, isPackaged }: StartConditions): string | null {
  if (!isPackaged && env['SPLITREEL_DEVELOPER'] === '1') return null;
  const found = SWITCHES.find((name) =>
    argv.some((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`)),
  );
  if (found !== undefined) return `--${found}`;
  return VARIABLES.find((name) => env[name] !== undefined && env[name] !== '') ?? null;
}

/** For code that starts Electron: Node acts on these variables before any code of ours runs. */
export const withoutNodeVariables = (env: Environ): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || VARIABLES.some((variable) => variable === name) ? [] : [[name, value] as const],
    ),
  );
