/** Runs the app's own package in its environment, in the foreground of this terminal. */
import { execa } from 'execa';
import path from 'node:path';
import { linkSwitches, workerEnvironment } from '../main/engine/worker-environment';
import { packageEntry } from '../main/install/package-entry';
import { appError, SplitreelError } from '../shared/errors';
import { openUserServices, type UserServices } from './compose';
import { ensureInstalled, printSteps } from './install';
import { callerFolder, ROOT } from './paths';
import { DATA_FOLDER } from '../shared/variables';

/** Installs the environment first if there is none, except to show help. Returns the command's exit code. */
export async function runPackage(args: readonly string[]): Promise<number> {
  const services = await openUserServices({ onChange: printSteps() });
  if (args.includes('--help') || args.includes('-h')) return showHelp(services, args);
  const code = await runIn(services, args);
  if (code === 0 && args[0] === 'generate') await services.environment.videoMade();
  return code;
}

/** It needs no packages, so any Python can show it. */
async function showHelp({ environment }: UserServices, args: readonly string[]): Promise<number> {
  const python = (await environment.current())?.python ?? (await environment.systemPython());
  if (python === null) throw new SplitreelError(appError('PYTHON_MISSING'));
  const entry = packageEntry(path.join(ROOT, 'python'));
  const env = workerEnvironment(process.env);
  const { exitCode } = await execa(python, [...entry, ...args], {
    env,
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
  });
  return exitCode ?? 3;
}

async function runIn({ dataFolder, environment, settings }: UserServices, args: readonly string[]): Promise<number> {
  const { python, entry, env } = await ensureInstalled(environment);
  const child = execa(python, [...entry, ...args], {
    cwd: callerFolder(),
    env: { ...env, ...linkSwitches(settings), [DATA_FOLDER]: dataFolder },
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
    // A cancel takes effect at the next step of every rank, which may take a while.
    forceKillAfterDelay: false,
  });
  // The terminal sends Ctrl+C to the whole group; other signals reach this process alone and are passed on.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const { exitCode, signal } = await child;
  return exitCode ?? (signal === undefined ? 3 : 130);
}
