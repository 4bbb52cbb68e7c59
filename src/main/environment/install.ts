/** Makes one slot, step by step. Throws a SplitreelError; what it leaves behind then is swept up by the caller. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { appError, SplitreelError } from '../../shared/errors';
import type { InstallProgress } from '../../shared/environment';
import type { Files } from '../ports/files';
import type { RunOutcome } from '../ports/processes';
import type { InstallPlan, InstallPorts } from './install-plan';
import { checkSlot } from './smoke-test';
import type { Slots, SlotRecord } from './slots';
import { applyUvLine, isNetworkTrouble, mainLine, NO_PACKAGES } from './uv-output';

export const atStep = (step: InstallProgress['step'], current: string | null = null): InstallProgress => ({
  step,
  completed: null,
  total: null,
  downloadedBytes: null,
  current,
});

export async function installSlot(ports: InstallPorts, plan: InstallPlan): Promise<SlotRecord> {
  await checkRoom(ports, plan);
  plan.onProgress(atStep('tool', `uv ${plan.settings.uv.version}`));
  const python = await findPython(ports, plan);
  const uv = await fetchUv(ports, plan, python);
  plan.onProgress(atStep('python', `Python ${plan.settings.pythonVersion}`));
  const folder = plan.slots.folderOf(plan.slot);
  const choice = python ?? plan.settings.pythonVersion;
  await runStep(ports, plan, uv, ['venv', '--no-project', '--python', choice, folder]);
  await installPackages(ports, plan, uv);
  await writePathFile(ports.files, plan.slots, plan.slot, plan.pythonFolder);
  const versions = await checkSlot(ports, plan);
  const sizeBytes = await ports.files.folderBytes(folder).catch(() => null);
  return { lockHash: plan.lockHash, versions, sizeBytes };
}

async function checkRoom({ files }: InstallPorts, { root, settings }: InstallPlan): Promise<void> {
  const free = await files.freeBytes(root);
  if (free >= settings.roomNeededBytes) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const params = { folder: root, needed: gigabytes(settings.roomNeededBytes), free: gigabytes(free) };
  throw new SplitreelError(appError('DISK_FULL', params));
}

/** The system's own Python of the right version; null: uv fetches one. */
async function findPython({ processes }: InstallPorts, plan: InstallPlan): Promise<string | null> {
  const { pythonVersion } = plan.settings;
  const ask = 'import os, sys; print("%d.%d" % sys.version_info[:2]); print(os.path.realpath(sys.executable))';
  for (const name of [`python${pythonVersion}`, 'python3', 'python']) {
    const outcome = await processes.run(name, { args: ['-I', '-c', ask], env: plan.env, timeoutMs: 20_000 });
    if (outcome.kind !== 'exited' || outcome.code !== 0) continue;
    const [version, executable] = outcome.stdout.split('\n').map((line) => line.trim());
    if (version === pythonVersion && executable !== undefined) return executable;
  }
  return null;
}

/** uv's own wheel, whose hash is pinned, unpacked once per version. */
async function fetchUv(ports: InstallPorts, plan: InstallPlan, python: string | null): Promise<string> {
  const { files } = ports;
  const { version, wheelSha256 } = plan.settings.uv;
  const folder = path.join(plan.root, 'tool', `uv-${version}`);
  const program = path.join(
    folder,
    `uv-${version}.data`,
    'scripts',
    plan.machineKind.startsWith('win32') ? 'uv.exe' : 'uv',
  );
  if ((await files.stat(program)) !== null) return program;
  const sha256 = wheelSha256[plan.machineKind];
  if (sha256 === undefined) throw failed(`there is no uv for ${plan.machineKind} in this version of Splitreel`);
  if (python === null) throw failed(`Python ${plan.settings.pythonVersion} with pip was not found`);
  const temporary = `${folder}.part`;
  await files.remove(temporary);
  await files.makeFolder(temporary);
  const requirements = path.join(temporary, 'uv.txt');
  await files.writeAtomically(requirements, `uv==${version} --hash=sha256:${sha256}\n`);
  const args = ['-I', '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:'];
  await runStep(ports, plan, python, [...args, '--require-hashes', '--dest', temporary, '-r', requirements]);
  const wheel = (await files.list(temporary)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw failed('the wheel of uv did not come');
  const wheelFile = path.join(temporary, wheel);
  const found = createHash('sha256')
    .update(await files.readBytes(wheelFile))
    .digest('hex');
  if (found !== sha256) throw failed(`the wheel of uv has another hash (${found})`);
  await runStep(ports, plan, python, ['-I', '-m', 'zipfile', '-e', wheelFile, temporary]);
  await files.remove(wheelFile);
  await files.makeExecutable(path.join(temporary, path.relative(folder, program)));
  await files.remove(folder);
  await files.rename(temporary, folder);
  return program;
}

async function installPackages(ports: InstallPorts, plan: InstallPlan, uv: string): Promise<void> {
  let progress = NO_PACKAGES;
  plan.onProgress(atStep('packages'));
  const python = plan.slots.pythonOf(plan.slot);
  const args = ['pip', 'sync', '--require-hashes', '--only-binary', ':all:', '--python', python, plan.lockFile];
  await runStep(ports, plan, uv, args, (line) => {
    const next = applyUvLine(progress, line);
    if (next === progress) return;
    progress = next;
    const { completed, total, downloadedBytes, current } = next;
    plan.onProgress({ step: 'packages', completed, total, downloadedBytes, current });
  });
}

/** Renewed before each start: the app may lie elsewhere than when the slot was made (an AppImage always does). */
export async function writePathFile(files: Files, slots: Slots, slot: string, pythonFolder: string): Promise<void> {
  const library = path.join(slots.folderOf(slot), 'lib');
  const version = (await files.list(library)).find((name) => name.startsWith('python'));
  const packages =
    version === undefined
      ? path.join(slots.folderOf(slot), 'Lib', 'site-packages')
      : path.join(library, version, 'site-packages');
  if ((await files.stat(packages)) === null) return;
  const file = path.join(packages, 'splitreel.pth');
  const content = `${pythonFolder}\n`;
  const before = await files.readText(file).catch(() => null);
  if (before !== content) await files.writeAtomically(file, content);
}

const failed = (problem: string, details?: string): SplitreelError =>
  new SplitreelError(appError('ENVIRONMENT_INSTALL_FAILED', { problem }, details === undefined ? {} : { details }));

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
      log.info(`install: ${line}`);
      onLine(line);
    },
  });
  throwUnlessDone(outcome, plan.root);
}

export function throwUnlessDone(outcome: RunOutcome, folder: string): void {
  if (outcome.kind === 'exited' && outcome.code === 0) return;
  if (outcome.kind === 'cancelled') throw new SplitreelError(appError('CANCELLED'));
  if (outcome.kind === 'notFound') throw failed('a program is missing');
  if (outcome.kind === 'failed') throw failed(outcome.problem);
  const output = `${outcome.stdout}\n${outcome.stderr}`.trim();
  if (/no space left on device|os error 28/i.test(output))
    throw new SplitreelError(
      appError('DISK_FULL', { folder, needed: 'more', free: '0 MB' }, { details: output.slice(-4_000) }),
    );
  const details = { details: output.slice(-4_000) };
  if (isNetworkTrouble(output)) throw new SplitreelError(appError('NETWORK_UNREACHABLE', {}, details));
  throw failed(mainLine(output), output.slice(-4_000));
}
