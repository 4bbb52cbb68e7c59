/** What an environment is made from: settings, lock and sizes of the app, and what this computer says to them. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { InstallEstimate, Variant, VariantChoice } from '../../shared/environment';
import { appError, SplitreelError } from '../../shared/errors';
import { workerEnvironment } from '../engine/worker-environment';
import { readBundle } from './bundle';
import type { ArchiveTool } from './bundle-archive';
import { cachedPackages, estimateRoom } from './estimate';
import type { EnvironmentOptions } from './environment-options';
import { findPython, SYNC, uvProgramIn } from './make-slot';
import type { BundleSource, InstallPorts, InstallRequest } from './install-plan';
import { installEnvironment, installSettingsSchema, type InstallSettings } from './install-settings';
import { withPipConfig } from './pip-config';
import { chooseVariant, lockFor, readDriver, wantsFlashAttention, wheelsOf, type Driver, type Wheel } from './variant';

/** uv has answered in well under a second; an index that does not answer must not keep anybody waiting. */
const DRY_RUN_TIMEOUT_MS = 20_000;

export const hashOf = ({ lock, flashAttentionLock }: Pick<SourceFiles, 'lock' | 'flashAttentionLock'>): string =>
  createHash('sha256')
    .update(lock + (flashAttentionLock ?? ''))
    .digest('hex');

/** What a variant is made of. */
export interface SourceFiles {
  readonly settings: InstallSettings;
  readonly lock: string;
  /** Null where FlashAttention is not part of it. */
  readonly flashAttentionLock: string | null;
  /** Of both locks. */
  readonly wheels: readonly Wheel[];
}

/** What an install makes on this computer. */
export interface InstallSource extends SourceFiles {
  readonly variant: Variant;
  readonly devices: readonly ('cpu' | 'cuda')[];
}

export interface EnvironmentSource {
  readonly installSettings: () => Promise<InstallSettings>;
  readonly read: (variant: Variant, hasFlashAttention: boolean) => Promise<SourceFiles>;
  readonly readForHere: (variant: Variant) => Promise<InstallSource>;
  /** Variables for pip and uv, with what pip's own files say. */
  readonly env: () => Promise<Readonly<Record<string, string>>>;
  readonly estimate: (request?: InstallRequest) => Promise<InstallEstimate>;
  readonly systemPython: () => Promise<string | null>;
  readonly bundleSource: (choice: VariantChoice) => Promise<BundleSource>;
}

export function createSource(ports: InstallPorts, options: EnvironmentOptions): EnvironmentSource {
  const { files, processes } = ports;
  const machineKind = `${options.platform}-${options.arch}`;
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
    return {
      settings,
      lock,
      flashAttentionLock,
      wheels: wheelsOf(sizes, machineKind, lock + (flashAttentionLock ?? '')),
    };
  };
  const readFor = async (variant: Variant, driver: Driver): Promise<SourceFiles> =>
    read(variant, wantsFlashAttention(variant, driver, (await installSettings()).flashAttentionCapability));
  const plainEnv = (): Record<string, string> =>
    installEnvironment(options.env, {
      uvCache: options.downloadsFolder(),
      managedPythons: options.pythonsFolder,
    });
  const systemPython = async (): Promise<string | null> =>
    findPython(ports, (await installSettings()).systemPythonVersions, plainEnv());
  const env = async () => {
    const python = await systemPython();
    return python === null ? plainEnv() : withPipConfig(ports, python, plainEnv());
  };

  /** Null where uv is not there yet, or could not say. */
  const askUv = async ({ settings, lock, flashAttentionLock }: SourceFiles): Promise<ReadonlySet<string> | null> => {
    const uv = options.uvProgram ?? uvProgramIn(options.root(), settings.uv.version);
    const python = await systemPython();
    if ((await files.stat(uv)) === null || python === null) return null;
    const folder = path.join(options.root(), 'estimate');
    const lockFile = path.join(folder, 'requirements.lock');
    try {
      await files.writeAtomically(lockFile, `${lock}\n${flashAttentionLock ?? ''}`);
    } catch {
      // A full disk, for example: what is said then is what is needed.
      return null;
    }
    const nowhere = path.join(folder, 'nowhere');
    const args = [...SYNC, '--dry-run', '--verbose', '--target', nowhere, '--python', python, lockFile];
    const outcome = await processes.run(uv, { args, env: await env(), timeoutMs: DRY_RUN_TIMEOUT_MS });
    return 'stderr' in outcome ? cachedPackages(`${outcome.stdout}\n${outcome.stderr}`) : null;
  };

  const findDriver = async (): Promise<Driver> =>
    readDriver(processes, workerEnvironment(options.env), (await installSettings()).minimumDriver);

  /** A bundle is for other computers, so it has all that its variant may need. */
  const readForBundle = (variant: Variant): Promise<SourceFiles> => read(variant, variant === 'cuda');

  const archiveTool = async (): Promise<ArchiveTool | null> => {
    const python = await systemPython();
    return python === null ? null : { processes, python, pythonFolder: options.pythonFolder, env: plainEnv() };
  };

  const estimate = async (request: InstallRequest = {}): Promise<InstallEstimate> => {
    const driver = await findDriver();
    const bundle =
      request.bundle === null || request.bundle === undefined
        ? null
        : await readBundle(files, await archiveTool(), request.bundle, machineKind);
    const chosen = bundle?.manifest.variant ?? request.variant ?? options.choice();
    const { variant, reason } = chooseVariant(chosen, driver);
    const made = await readFor(variant, driver);
    if (bundle !== null && bundle.manifest.lockHash !== hashOf(await readForBundle(variant)))
      throw new SplitreelError(appError('BUNDLE_OF_OTHER_VERSION', { bundle: request.bundle ?? '' }));
    const room = await estimateRoom(files, {
      root: options.root(),
      uvCache: options.downloadsFolder(),
      wheels: made.wheels,
      cached: bundle === null ? await askUv(made) : null,
      isOffline: bundle !== null,
      unpackedBytes: bundle?.unpackedBytes ?? 0,
      overheadBytes: made.settings.overheadBytes,
    });
    return { variant, reason, driverProblem: driver.kind === 'old' ? driver.problem : null, ...room };
  };

  return {
    installSettings,
    read,
    env,
    readForHere: async (variant) => {
      const driver = await findDriver();
      const devices = variant === 'cuda' && driver.kind === 'usable' ? (['cpu', 'cuda'] as const) : (['cpu'] as const);
      return { ...(await readFor(variant, driver)), variant, devices };
    },
    estimate,
    systemPython,
    bundleSource: async (choice) => {
      const { variant } = chooseVariant(choice, await findDriver());
      const made = await readForBundle(variant);
      const { settings, lock, flashAttentionLock } = made;
      const sha256 = settings.uv.wheelSha256[machineKind] ?? '';
      const tool = `uv==${settings.uv.version} --hash=sha256:${sha256}`;
      const all = `${lock}\n${flashAttentionLock ?? ''}`;
      return { variant, lock: all, lockHash: hashOf(made), machineKind, tool, env: await env() };
    },
  };
}
