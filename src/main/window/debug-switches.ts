/**
 * Switches through which another program could control the app. A packaged app always refuses to start with them; in a
 * checkout they work with SPLITREEL_DEVELOPER=1, as in the end-to-end tests.
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
/** Node's variables that Electron honors: they run code, or turn the app into plain Node. */
const VARIABLES = ['NODE_OPTIONS', 'ELECTRON_RUN_AS_NODE', 'NODE_REPL_EXTERNAL_MODULE'] as const;

type Environ = Readonly<Record<string, string | undefined>>;

export interface StartConditions {
  readonly argv: readonly string[];
  readonly env: Environ;
  readonly isPackaged: boolean;
}

/** The switch or variable that keeps the app from starting; null for an ordinary start. */
export function refusedSwitch({ argv, env, isPackaged }: StartConditions): string | null {
  if (!isPackaged && env['SPLITREEL_DEVELOPER'] === '1') return null;
  const found = SWITCHES.find((name) =>
    argv.some((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`)),
  );
  if (found !== undefined) return `--${found}`;
  return VARIABLES.find((name) => env[name] !== undefined && env[name] !== '') ?? null;
}

/** For code that starts Electron: Node applies these variables before any of the app's code runs. */
export const withoutNodeVariables = (env: Environ): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || VARIABLES.some((variable) => variable === name) ? [] : [[name, value] as const],
    ),
  );
