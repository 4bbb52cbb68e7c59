/** What an environment is made from: the app's settings, lock and sizes, and the Python and driver of this computer. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { InstallEstimate, Variant, VariantChoice } from '../../shared/environment';
import { appError, SplitreelError } from '../../shared/errors';
import { workerEnvironment } from '../engine/worker-environment';
import { readBundle } from './bundle';
import type { ArchiveTool } from './bundle-archive';
import { cachedPackages, estimateSpace } from './estimate';
import type { EnvironmentOptions } from './environment-options';
import { findPython, SYNC, uvProgramIn } from './make-slot';
import type { BundleSource, InstallPorts, InstallRequest } from './install-plan';
import { installEnvironment, installSettingsSchema, type InstallSettings } from './install-settings';
import { withPipConfig } from './pip-config';
import { chooseVariant, lockFor, readDriver, wantsFlashAttention, wheelsOf, type Driver, type Wheel } from './variant';

/** uv takes well under a second. An unresponsive index must not delay the estimate. */
const DRY_RUN_TIMEOUT_MS = 20_000;

export const hashOf = ({ lock, flashAttentionLock }: Pick<SourceFiles, 'lock' | 'flashAttentionLock'>): string =>
  createHash('sha256')
    .update(lock + (flashAttentionLock ?? ''))
    .digest('hex');

/** The contents of a variant. */
export interface SourceFiles {
  readonly settings: InstallSettings;
  readonly lock: string;
  /** Null if FlashAttention isn't part of it. */
  readonly flashAttentionLock: string | null;
  /** From both locks. */
  readonly wheels: readonly Wheel[];
}

/** What an install will make on this computer. */
export interface InstallSource extends SourceFiles {
  readonly variant: Variant;
  readonly devices: readonly ('cpu' | 'cuda')[];
}

export interface EnvironmentSource {
  readonly installSettings: () => Promise<InstallSettings>;
  readonly read: (variant: Variant, hasFlashAttention: boolean) => Promise<SourceFiles>;
  readonly readForHere: (variant: Variant) => Promise<InstallSource>;
  /** Variables for pip and uv, including the settings from pip's files. */
  readonly env: () => Promise<Readonly<Record<string, string>>>;
  readonly estimate: (request?: InstallRequest) => Promise<InstallEstimate>;
  readonly systemPython: () => Promise<string | null>;
  readonly bundleSource: (choice: VariantChoice) => Promise<BundleSource>;
}

export function createSource(ports: InstallPorts, options: EnvironmentOptions): EnvironmentSource {
  const machineKind = machineKindOf(options);
  const { installSettings, read } = readAppFiles(ports, options);
  const { systemPython, env, archiveTool, driver } = readComputer(ports, options, installSettings);
  const readFor = async (variant: Variant, found: Driver): Promise<SourceFiles> =>
    read(variant, wantsFlashAttention(variant, found, (await installSettings()).flashAttentionCapability));
  /** A bundle is for other computers, so it contains everything its variant may need. */
  const readForBundle = (variant: Variant): Promise<SourceFiles> => read(variant, variant === 'cuda');

  const estimate = async ({ bundle = null, variant = null }: InstallRequest = {}): Promise<InstallEstimate> => {
    const found = await driver();
    const offline = bundle === null ? null : await readBundle(ports.files, await archiveTool(), bundle, machineKind);
    const chosen = chooseVariant(offline?.manifest.variant ?? variant ?? options.choice(), found);
    const made = await readFor(chosen.variant, found);
    if (offline !== null && offline.manifest.lockHash !== hashOf(await readForBundle(chosen.variant)))
      throw new SplitreelError(appError('BUNDLE_OF_OTHER_VERSION', { bundle: bundle ?? '' }));
    const python = await systemPython();
    const room = await estimateSpace(ports.files, {
      root: options.root(),
      uvCache: options.downloadsFolder(),
      wheels: made.wheels,
      cached:
        offline !== null || python === null
          ? null
          : await cachedByUv(ports, options, made, { python, env: await env() }),
      isOffline: offline !== null,
      unpackedBytes: offline?.unpackedBytes ?? 0,
      overheadBytes: made.settings.overheadBytes,
    });
    return { ...chosen, driverProblem: found.kind === 'old' ? found.problem : null, ...room };
  };
  return {
    installSettings,
    read,
    env,
    estimate,
    readForHere: async (variant) => {
      const found = await driver();
      const devices = variant === 'cuda' && found.kind === 'usable' ? (['cpu', 'cuda'] as const) : (['cpu'] as const);
      return { ...(await readFor(variant, found)), variant, devices };
    },
    systemPython,
    bundleSource: async (choice) => {
      const { variant } = chooseVariant(choice, await driver());
      const made = await readForBundle(variant);
      const { settings, lock, flashAttentionLock } = made;
      const sha256 = settings.uv.wheelSha256[machineKind] ?? '';
      const tool = `uv==${settings.uv.version} --hash=sha256:${sha256}`;
      const all = `${lock}\n${flashAttentionLock ?? ''}`;
      const uv = options.uvProgram ?? uvProgramIn(options.root(), settings.uv.version);
      const hasUv = (await ports.files.stat(uv)) !== null;
      return {
        variant,
        lock: all,
        lockHash: hashOf(made),
        machineKind,
        tool,
        uv: hasUv ? uv : null,
        pythonVersion: settings.pythonVersion,
        env: await env(),
      };
    },
  };
}

export const machineKindOf = ({ platform, arch }: Pick<EnvironmentOptions, 'platform' | 'arch'>): string =>
  `${platform}-${arch}`;

/** From the app: its settings, and the lock and wheels of a variant. */
function readAppFiles({ files }: InstallPorts, options: EnvironmentOptions) {
  const inPython = (name: string): Promise<string> => files.readText(path.join(options.pythonFolder, name));
  const installSettings = async (): Promise<InstallSettings> =>
    installSettingsSchema.parse(
      JSON.parse(await files.readText(path.join(options.resourcesFolder, 'environment.json'))),
    );
  const read = async (variant: Variant, hasFlashAttention: boolean): Promise<SourceFiles> => {
    const settings = await installSettings();
    const lock = lockFor(variant, await inPython('requirements.lock'), settings.gpuOnlyPackages);
    const flashAttentionLock = hasFlashAttention ? await inPython('requirements-flash-attention.lock') : null;
    const sizes = await inPython('requirements.wheels.json');
    const wheels = wheelsOf(sizes, machineKindOf(options), lock + (flashAttentionLock ?? ''));
    return { settings, lock, flashAttentionLock, wheels };
  };
  return { installSettings, read };
}

/** From this computer: a Python, pip's settings, a driver. */
function readComputer(
  ports: InstallPorts,
  options: EnvironmentOptions,
  installSettings: EnvironmentSource['installSettings'],
) {
  const plainEnv = (): Record<string, string> =>
    installEnvironment(options.env, { uvCache: options.downloadsFolder(), managedPythons: options.pythonsFolder });
  const systemPython = async (): Promise<string | null> =>
    findPython(ports, (await installSettings()).systemPythonVersions, plainEnv());
  return {
    systemPython,
    env: async (): Promise<Readonly<Record<string, string>>> => {
      const python = await systemPython();
      return python === null ? plainEnv() : withPipConfig(ports, python, plainEnv());
    },
    archiveTool: async (): Promise<ArchiveTool | null> => {
      const python = await systemPython();
      const { processes } = ports;
      return python === null ? null : { processes, python, pythonFolder: options.pythonFolder, env: plainEnv() };
    },
    driver: async (): Promise<Driver> =>
      readDriver(ports.processes, workerEnvironment(options.env), (await installSettings()).minimumDriver),
  };
}

/** The packages of a lock that need no download, as uv reports them. Null if uv is missing or doesn't answer. */
async function cachedByUv(
  { files, processes }: InstallPorts,
  options: EnvironmentOptions,
  { settings, lock, flashAttentionLock }: SourceFiles,
  { python, env }: { readonly python: string; readonly env: Readonly<Record<string, string>> },
): Promise<ReadonlySet<string> | null> {
  const uv = options.uvProgram ?? uvProgramIn(options.root(), settings.uv.version);
  if ((await files.stat(uv)) === null) return null;
  const folder = path.join(options.root(), 'estimate');
  const lockFile = path.join(folder, 'requirements.lock');
  try {
    await files.writeAtomically(lockFile, `${lock}\n${flashAttentionLock ?? ''}`);
  } catch {
    // A full disk, for example. The estimate then counts every package as a download.
    return null;
  }
  const nowhere = path.join(folder, 'nowhere');
  const args = [...SYNC, '--dry-run', '--verbose', '--target', nowhere, '--python', python, lockFile];
  const outcome = await processes.run(uv, { args, env, timeoutMs: DRY_RUN_TIMEOUT_MS });
  return 'stderr' in outcome ? cachedPackages(`${outcome.stdout}\n${outcome.stderr}`) : null;
}
