/** The app's own Python environment for the commands without a window: the same slots, made by the same code. */
import { homedir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { nodeFiles } from '../src/main/adapters/node/files';
import { nodeProcesses } from '../src/main/adapters/node/processes';
import { nodeRandom } from '../src/main/adapters/node/random';
import { dataFolders, dataRoot, defaultPlaces } from '../src/main/data-folder';
import { linkSwitches } from '../src/main/engine/worker-environment';
import { createEnvironment, type CurrentPython, type EnvironmentService } from '../src/main/install/environment';
import type { InstallRequest } from '../src/main/install/install-plan';
import { openPlaces, type Places } from '../src/main/storage/locations';
import { SILENT_LOG } from '../src/main/ports/log';
import { migrateSettings } from '../src/main/settings/settings';
import { appError, describeError, SplitreelError } from '../src/shared/errors';
import { VARIANT_CHOICES, type Environment, type InstallEstimate, type VariantChoice } from '../src/shared/environment';
import { errorExitCode } from '../src/shared/messages';
import { DEFAULT_SETTINGS, settingsSchema, type Settings } from '../src/shared/settings';
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

/** A word of the command line; throws with the words that it may be. */
export function parseChoice(word: string): VariantChoice {
  const choice = VARIANT_CHOICES.find((each) => each === word);
  if (choice !== undefined) return choice;
  const problem = `--variant is one of ${VARIANT_CHOICES.join(', ')}, not ${word}`;
  throw new SplitreelError(appError('FLAG_INVALID', { problem }));
}

interface Place {
  readonly root: string;
  readonly downloads?: string;
  readonly pythons?: string;
  readonly appFolder?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly choice?: VariantChoice;
  /** Each state that it goes through, beside the words that are printed. */
  readonly hear?: (environment: Environment) => void;
}

/** The service of the app over this folder. */
export function openEnvironment(place: Place): EnvironmentService {
  const {
    root,
    downloads = path.join(cacheFolder(), 'uv'),
    appFolder = ROOT,
    env = process.env,
    choice = 'auto',
  } = place;
  const pythons = place.pythons ?? path.join(path.dirname(root), 'pythons');
  let last = '';
  return createEnvironment(
    { files: nodeFiles, processes: nodeProcesses, random: nodeRandom, log: SILENT_LOG },
    {
      root: () => root,
      downloadsFolder: () => downloads,
      pythonsFolder: pythons,
      pythonFolder: path.join(appFolder, 'python'),
      resourcesFolder: path.join(appFolder, 'resources'),
      platform: process.platform,
      arch: process.arch,
      env,
      pid: process.pid,
      choice: () => choice,
      onChange: (environment) => {
        place.hear?.(environment);
        const line = describe(environment);
        if (line === null || line === last) return;
        last = line;
        tell(line);
      },
    },
  );
}

/** Installs with words on what it takes first; Ctrl+C ends it in order. */
export async function install(service: EnvironmentService, request: InstallRequest = {}): Promise<void> {
  const estimate = await service.estimate(request);
  for (const line of describeEstimate(estimate)) tell(line);
  await ensurePip();
  const stop = (): void => service.cancel();
  process.once('SIGINT', stop);
  await service.install(request);
  process.off('SIGINT', stop);
}

export function describeEstimate(estimate: InstallEstimate): readonly string[] {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const { variant, driverProblem, downloadBytes, downloadCount, packageCount, needs } = estimate;
  const packages = variant === 'cuda' ? 'for NVIDIA GPUs' : 'for the processor only';
  return [
    ...(driverProblem === null ? [] : [Object.values(describeError(driverProblem)).join(' ')]),
    `Python environment ${packages}: ${packageCount} packages, ${downloadCount} to download (${gigabytes(downloadBytes)})`,
    ...needs.map(
      ({ folder, bytes, freeBytes }) => `  ${folder}: ${gigabytes(bytes)} needed, ${gigabytes(freeBytes)} free`,
    ),
  ];
}

/** Makes it in `root` where there is none that works for this lock, with the Python that `env` leads to. */
export async function ensureEnvironment(
  root: string,
  appFolder: string = ROOT,
  env: NodeJS.ProcessEnv = process.env,
): Promise<CurrentPython> {
  return ensure(openEnvironment({ root, appFolder, env }));
}

async function ensure(service: EnvironmentService): Promise<CurrentPython> {
  const state = await service.check();
  if (state.status !== 'ready' || state.isOutdated) await install(service);
  const python = await service.current();
  if (python === null) throw new Error('the Python environment is not there after its installation');
  return python;
}

interface Found {
  readonly root: string;
  readonly service: EnvironmentService;
  readonly places: Places;
  readonly settings: Settings;
}

/** Of the person's own data folder, where it was moved to perhaps, as it is. */
export async function findEnvironment(choice: VariantChoice | null = null): Promise<Found> {
  const { env, platform } = process;
  const root = dataRoot({ platform, home: homedir(), env });
  const folders = dataFolders(root);
  const places = await openPlaces(
    { files: nodeFiles, processes: nodeProcesses },
    { file: folders.placesFile, defaults: defaultPlaces(folders, cacheFolder()) },
  );
  const settings = await readSettings(folders.settingsFile);
  const service = openEnvironment({
    root: places.folderOf('environment'),
    downloads: places.folderOf('downloads'),
    pythons: folders.pythons,
    choice: choice ?? settings.environmentVariant,
  });
  await service.check();
  return { root, service, places, settings };
}

/** What the window has set; the defaults where it was never opened. */
async function readSettings(file: string): Promise<Settings> {
  const text = await nodeFiles.readText(file).catch(() => '{}');
  try {
    const parsed = settingsSchema.safeParse(migrateSettings(JSON.parse(text)));
    return parsed.success ? parsed.data : DEFAULT_SETTINGS;
  } catch {
    return DEFAULT_SETTINGS;
  }
}

/** Runs `python -m splitreel COMMAND` with the words after the script's name, and answers as it answered. */
export async function runSplitreel(command: string, words: readonly string[]): Promise<number> {
  const code = await runPython(['-m', 'splitreel', command, ...words]);
  if (code === 0 && command === 'generate') await (await findEnvironment()).service.videoMade();
  return code;
}

/** Runs the app's own Python with these words, and answers as it answered. */
export async function runPython(words: readonly string[]): Promise<number> {
  return tellErrors(async () => {
    const { root, service, settings } = await findEnvironment();
    const { python, env: workerEnv } = await ensure(service);
    const child = execa(python, ['-I', ...words], {
      env: { ...workerEnv, ...linkSwitches(settings), SPLITREEL_DATA: root },
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
  });
}

/** An error of ours is its sentence and its exit code. */
export async function tellErrors(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof SplitreelError)) throw error;
    const { code, details } = error.error;
    const { message, action } = describeError(error.error);
    tell(`${message} ${action}`);
    if (details !== null && process.env['SPLITREEL_DETAILS'] !== undefined) tell(details);
    return code === 'CANCELLED' ? 130 : errorExitCode(code);
  }
}
