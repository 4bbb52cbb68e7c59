/** The app's own Python environment for the commands without a window: the same slots, made by the same code. */
import { homedir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { nodeFiles } from '../src/main/adapters/node/files';
import { nodeProcesses } from '../src/main/adapters/node/processes';
import { nodeRandom } from '../src/main/adapters/node/random';
import { dataFolders, dataRoot } from '../src/main/data-folder';
import { createEnvironment, type CurrentPython } from '../src/main/environment/environment';
import { SILENT_LOG } from '../src/main/ports/log';
import { describeError, SplitreelError } from '../src/shared/errors';
import type { Environment } from '../src/shared/environment';
import { ensurePip } from './debian';
import { cacheFolder, ROOT } from './places';

/** Progress goes to stderr: stdout is the command's own. */
const tell = (text: string): void => void process.stderr.write(`${text}\n`);

function describe(environment: Environment): string | null {
  if (environment.status !== 'installing') return null;
  const { step, completed, total, current } = environment.progress;
  const count = completed === null || total === null ? '' : ` ${completed} of ${total}`;
  return `Python environment: ${step}${count}${step === 'packages' || current === null ? '' : `, ${current}`}`;
}

/** Makes it in `root` where there is none that works for this lock, with the Python that `env` leads to. */
export async function ensureEnvironment(
  root: string,
  appFolder: string = ROOT,
  env: NodeJS.ProcessEnv = process.env,
): Promise<CurrentPython> {
  let last = '';
  const service = createEnvironment(
    { files: nodeFiles, processes: nodeProcesses, random: nodeRandom, log: SILENT_LOG },
    {
      root,
      cacheFolder: cacheFolder(),
      pythonFolder: path.join(appFolder, 'python'),
      resourcesFolder: path.join(appFolder, 'resources'),
      platform: process.platform,
      arch: process.arch,
      env,
      onChange: (environment) => {
        const line = describe(environment);
        if (line === null || line === last) return;
        last = line;
        tell(line);
      },
    },
  );
  const state = await service.check();
  if (state.status !== 'ready' || state.isOutdated) {
    await ensurePip();
    const stop = (): void => service.cancel();
    process.once('SIGINT', stop);
    await service.install();
    process.off('SIGINT', stop);
  }
  const python = await service.current();
  if (python === null) throw new Error('the Python environment is not there after its installation');
  return python;
}

/** Runs `python -m splitreel COMMAND` with the words after the script's name, and answers as it answered. */
export const runSplitreel = (command: string, words: readonly string[]): Promise<number> =>
  runPython(['-m', 'splitreel', command, ...words]);

/** Runs the app's own Python with these words, and answers as it answered. */
export async function runPython(words: readonly string[]): Promise<number> {
  const { env, platform } = process;
  const root = dataRoot({ platform, home: homedir(), env });
  try {
    const { python, env: workerEnv } = await ensureEnvironment(dataFolders(root).environment);
    const child = execa(python, ['-I', ...words], {
      env: { ...workerEnv, SPLITREEL_DATA: root },
      extendEnv: false,
      stdio: 'inherit',
      reject: false,
      // A cancel ends at the next step of every rank: that may take a while.
      forceKillAfterDelay: false,
    });
    // Ctrl+C reaches the whole group by itself; what is sent to this process alone is handed on.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    const { exitCode, signal } = await child;
    return exitCode ?? (signal === undefined ? 3 : 130);
  } catch (error) {
    if (!(error instanceof SplitreelError)) throw error;
    const { code, details } = error.error;
    const { message, action } = describeError(error.error);
    tell(`${message} ${action}`);
    if (details !== null && env['SPLITREEL_DETAILS'] !== undefined) tell(details);
    return code === 'CANCELLED' ? 130 : 3;
  }
}
