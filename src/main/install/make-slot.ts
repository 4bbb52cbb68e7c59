/** Makes one slot, step by step. Throws a SplitreelError; the caller then removes the leftovers. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import { takePython, wheelsIn } from './bundle';
import { isArchive, unpackArchive } from './bundle-archive';
import { throwUnlessFetched } from './install-errors';
import { atStep, type InstallPlan, type InstallPorts } from './install-plan';
import { pythonRange } from './install-settings';
import { partOfTool, unpackingBytes } from './leftovers';
import { checkSlot } from './smoke-test';
import type { SlotRecord } from './slots';
import { createDownloadMeter } from './download-meter';
import { applyUvLine, NO_PACKAGES } from './uv-output';

export async function installSlot(ports: InstallPorts, plan: InstallPlan): Promise<SlotRecord> {
  const python = await findPython(ports, plan.settings.systemPythonVersions, plan.env);
  if (plan.bundle === null || !isArchive(plan.bundle) || python === null) return fillSlot(ports, plan, python);
  // Beside the slots, where the cleanup looks for leftovers of a killed install.
  const bundle = `${plan.slots.folderOf(plan.slot)}-wheels`;
  try {
    await unpack(ports, plan, python, plan.bundle, bundle);
    return await fillSlot(ports, { ...plan, bundle }, python);
  } finally {
    await ports.files.remove(bundle);
  }
}

async function unpack(
  { processes }: InstallPorts,
  plan: InstallPlan,
  python: string,
  archive: string,
  folder: string,
): Promise<void> {
  const { pythonFolder, env, signal, onProgress } = plan;
  const onFile = (name: string): void => onProgress(atStep('tool', name));
  throwUnlessFetched(
    await unpackArchive({ processes, python, pythonFolder, env }, archive, folder, { signal, onFile }),
    { folder: plan.root, program: path.basename(python) },
  );
}

async function fillSlot(ports: InstallPorts, plan: InstallPlan, python: string | null): Promise<SlotRecord> {
  plan.onProgress(atStep('tool', `uv ${plan.settings.uv.version}`));
  const uv = plan.uvProgram ?? (await fetchUv(ports, plan, python));
  plan.onProgress(atStep('python', `Python ${plan.settings.pythonVersion}`));
  const folder = plan.slots.folderOf(plan.slot);
  await makeVenv(ports, plan, { uv, python, folder });
  const lockFile = path.join(folder, 'requirements.lock');
  await ports.files.writeAtomically(lockFile, plan.lock);
  await installAllPackages(ports, plan, uv, lockFile);
  const versions = await checkSlot(ports, plan);
  const sizeBytes = await ports.files.folderBytes(folder).catch(() => null);
  const hasFlashAttentionLock = plan.flashAttentionLock !== null;
  return {
    lockHash: plan.lockHash,
    versions,
    sizeBytes,
    variant: plan.variant,
    hasFlashAttentionLock,
    hasMadeVideo: false,
  };
}

/**
 * The installed app prefers uv's Python, which no system upgrade changes or removes, and falls back to the system's if
 * it can't be downloaded. A bundle may include it. A checkout uses the system's Python.
 */
async function makeVenv(
  ports: InstallPorts,
  plan: InstallPlan,
  { uv, python, folder }: { readonly uv: string; readonly python: string | null; readonly folder: string },
): Promise<void> {
  const make = (...choice: readonly string[]): Promise<void> =>
    runStep(ports, plan, uv, ['venv', '--no-project', '--clear', ...choice, folder]);
  const managed = ['--managed-python', '--python', plan.settings.pythonVersion];
  const pythonsFolder = plan.env['UV_PYTHON_INSTALL_DIR'];
  if (
    plan.bundle !== null &&
    pythonsFolder !== undefined &&
    (await takePython(ports.files, plan.bundle, pythonsFolder))
  ) {
    await make('--offline', ...managed);
    return;
  }
  if (python === null) {
    await make(...managed).catch((error: unknown) => {
      throw withoutPython(error, plan);
    });
    return;
  }
  if (plan.uvProgram === null || plan.bundle !== null) {
    await make('--python', python);
    return;
  }
  try {
    await make(...managed);
  } catch (error) {
    if (!(error instanceof SplitreelError) || error.error.code === 'CANCELED') throw error;
    ports.log.info(`install: uv could not download Python, so ${python} is used`);
    await make('--python', python);
  }
}

/**
 * Neither a downloaded nor a local Python: report that, because the user can fix it. A full disk and a cancel keep
 * their own errors.
 */
function withoutPython(error: unknown, { settings }: InstallPlan): unknown {
  const isPlain =
    error instanceof SplitreelError && !['CANCELED', 'DISK_FULL', 'NO_FILE_LOCKS'].includes(error.error.code);
  if (!isPlain) return error;
  const details = error.error.details ?? error.message;
  return new SplitreelError(appError('PYTHON_UNAVAILABLE', { versions: pythonRange(settings) }, { details }));
}

/** The system's own Python in the first of these versions that exists; null: there is none. */
export async function findPython(
  { processes }: Pick<InstallPorts, 'processes'>,
  versions: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string | null> {
  const ask = 'import os, sys; print("%d.%d" % sys.version_info[:2]); print(os.path.realpath(sys.executable))';
  for (const name of [...versions.map((version) => `python${version}`), 'python3', 'python']) {
    const outcome = await processes.run(name, { args: ['-I', '-c', ask], env, timeoutMs: 20_000 });
    if (outcome.kind !== 'exited' || outcome.code !== 0) continue;
    const [version, executable] = outcome.stdout.split('\n').map((line) => line.trim());
    if (version !== undefined && versions.includes(version) && executable !== undefined) return executable;
  }
  return null;
}

export const uvProgramIn = (root: string, version: string): string =>
  path.join(root, 'tool', `uv-${version}`, `uv-${version}.data`, 'scripts', 'uv');

/** uv's own wheel, whose hash is pinned, unpacked once per version. */
async function fetchUv(ports: InstallPorts, plan: InstallPlan, python: string | null): Promise<string> {
  const { files } = ports;
  const { version, wheelSha256 } = plan.settings.uv;
  const program = uvProgramIn(plan.root, version);
  const folder = path.join(plan.root, 'tool', `uv-${version}`);
  if ((await files.stat(program)) !== null) return program;
  const sha256 = wheelSha256[plan.machineKind];
  if (sha256 === undefined) throw new SplitreelError(appError('MACHINE_UNSUPPORTED', { machine: plan.machineKind }));
  if (python === null) throw new SplitreelError(appError('PYTHON_MISSING'));
  // Named after the slot, so that programs of a killed install can be found.
  const temporary = partOfTool(folder, plan.slot);
  await files.makeFolder(temporary);
  const requirements = path.join(temporary, 'uv.txt');
  await files.writeAtomically(requirements, `uv==${version} --hash=sha256:${sha256}\n`);
  const args = ['-I', '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:'];
  if (plan.bundle !== null) args.push('--no-index', '--find-links', wheelsIn(plan.bundle));
  await runStep(ports, plan, python, [...args, '--require-hashes', '--dest', temporary, '-r', requirements]);
  const wheel = (await files.list(temporary)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new SplitreelError(appError('PACKAGE_CHANGED', { package: 'uv' }));
  const wheelFile = path.join(temporary, wheel);
  const found = createHash('sha256')
    .update(await files.readBytes(wheelFile))
    .digest('hex');
  if (found !== sha256) throw new SplitreelError(appError('PACKAGE_CHANGED', { package: 'uv' }));
  await runStep(ports, plan, python, ['-I', '-m', 'zipfile', '-e', wheelFile, temporary]);
  await files.remove(wheelFile);
  await files.makeExecutable(path.join(temporary, path.relative(folder, program)));
  await files.remove(folder);
  await files.rename(temporary, folder);
  return program;
}

export const SYNC = ['pip', 'sync', '--require-hashes', '--only-binary', ':all:'] as const;

/** Includes FlashAttention if a GPU can run it. If it can't be installed, the environment does without it. */
async function installAllPackages(ports: InstallPorts, plan: InstallPlan, uv: string, lockFile: string): Promise<void> {
  if (plan.flashAttentionLock === null) {
    await installPackages(ports, plan, uv, [lockFile]);
    return;
  }
  const optionalFile = path.join(path.dirname(lockFile), 'requirements-flash-attention.lock');
  await ports.files.writeAtomically(optionalFile, plan.flashAttentionLock);
  try {
    await installPackages(ports, plan, uv, [lockFile, optionalFile]);
  } catch (error) {
    if (!(error instanceof SplitreelError) || ['CANCELED', 'DISK_FULL', 'DISK_RAN_FULL'].includes(error.error.code))
      throw error;
    // Fails again with the error to show, unless FlashAttention was the cause.
    await installPackages(ports, plan, uv, [lockFile]);
    ports.log.warn(`install: FlashAttention 4 was left out: ${error.error.code}`);
  }
}

async function installPackages(
  ports: InstallPorts,
  plan: InstallPlan,
  uv: string,
  lockFiles: readonly string[],
): Promise<void> {
  plan.onProgress(atStep('packages'));
  const python = plan.slots.pythonOf(plan.slot);
  const offline = plan.bundle === null ? [] : ['--offline', '--no-index', '--find-links', wheelsIn(plan.bundle)];
  const args = [...SYNC, ...offline, '--python', python, ...lockFiles];
  const watch = watchPackages(ports, plan);
  try {
    await runStep(ports, plan, uv, args, watch.onLine);
  } finally {
    watch.stop();
  }
}

const MEASURE_EVERY_MS = 500;

/** Reports progress for each line of uv, and twice a second in between. */
function watchPackages(
  { files, clock }: InstallPorts,
  plan: InstallPlan,
): { readonly onLine: (line: string) => void; readonly stop: () => void } {
  const meter = plan.downloadBytes === 0 ? null : createDownloadMeter(plan.wheels, plan.downloadBytes);
  let packages = NO_PACKAGES;
  let unpackedBytes = 0;
  let isMeasuring = false;
  const report = (): void => {
    const { completed, total, current } = packages;
    const figures = meter?.measure(packages, unpackedBytes, clock.monotonicMs());
    plan.onProgress({ ...atStep('packages', current), completed, total, ...figures });
  };
  const measure = async (): Promise<void> => {
    if (isMeasuring || packages.downloading.size === 0) return;
    isMeasuring = true;
    // A folder that uv renames meanwhile is complete and no longer measured.
    unpackedBytes = await unpackingBytes(files, plan.uvCache).catch(() => unpackedBytes);
    isMeasuring = false;
    report();
  };
  const stop = clock.every(MEASURE_EVERY_MS, () => void measure());
  return {
    onLine: (line) => {
      const next = applyUvLine(packages, line);
      if (next === packages) return;
      packages = next;
      report();
    },
    stop,
  };
}

async function runStep(
  { processes, log }: InstallPorts,
  plan: InstallPlan,
  file: string,
  args: readonly string[],
  onLine: (line: string) => void = () => undefined,
): Promise<void> {
  const outcome = await processes.run(file, {
    args,
    env: plan.env,
    signal: plan.signal,
    onLine: (line) => {
      log.info(`install: ${plan.hideSecrets(line)}`);
      onLine(line);
    },
  });
  throwUnlessFetched(outcome, { folder: plan.root, program: path.basename(file) });
}
