/** Installs the environment from the command line: prints what it takes, then each step. */
import type { CurrentPython, EnvironmentService } from '../main/install/environment';
import type { InstallRequest } from '../main/install/install-plan';
import {
  VARIANT_CHOICES,
  type Environment,
  type InstallEstimate,
  type InstallProgress,
  type VariantChoice,
  type InstallCheck,
} from '../shared/environment';
import { appError, describeError, SplitreelError } from '../shared/errors';
import { formatBytes } from '../shared/format';
import { isInstalled } from './paths';
import { ensurePip } from './system-packages';
import { printProgress } from './terminal';

/** The value of --variant. */
export function parseVariant(value: string): VariantChoice {
  const choice = VARIANT_CHOICES.find((each) => each === value);
  if (choice !== undefined) return choice;
  const params = { flag: '--variant', choices: VARIANT_CHOICES.join(', ') } as const;
  throw new SplitreelError(appError('FLAG_INVALID', {}, { reasons: [{ code: 'flag_not_listed', params }] }));
}

/** For `onChange` of an environment: one line a step, and none twice. */
export function printSteps(): (environment: Environment) => void {
  let last = '';
  return (environment) => {
    if (environment.status !== 'installing') return;
    const line = describeProgress(environment.progress);
    if (line !== last) printProgress(line);
    last = line;
  };
}

const CHECKS: Record<InstallCheck, string> = {
  imports: 'importing the packages',
  cpu: 'making a tiny video on the CPU',
  cuda: 'making a tiny video on a GPU',
};

function describeProgress(progress: InstallProgress): string {
  const { step, completed, total, current, check, downloadedBytes, totalBytes } = progress;
  if (step === 'packages' && downloadedBytes !== null && totalBytes !== null && downloadedBytes < totalBytes) {
    // Whole percents: one line each is enough for a log.
    return `Python environment: ${Math.floor((downloadedBytes / totalBytes) * 100)} % of ${formatBytes(totalBytes)} downloaded`;
  }
  const count = completed === null || total === null ? '' : ` ${completed} of ${total}`;
  const now = check !== null ? CHECKS[check] : step === 'packages' ? null : current;
  return `Python environment: ${step}${count}${now === null ? '' : `, ${now}`}`;
}

export function describeEstimate(estimate: InstallEstimate): readonly string[] {
  const { variant, driverProblem, downloadBytes, downloadCount, packageCount, needs } = estimate;
  const packages = variant === 'cuda' ? 'for NVIDIA GPUs' : 'for the CPU only';
  return [
    ...(driverProblem === null ? [] : [Object.values(describeError(driverProblem)).join(' ')]),
    `Python environment ${packages}: ${packageCount} packages, ${downloadCount} to download (${formatBytes(downloadBytes)})`,
    ...needs.map(
      ({ folder, bytes, freeBytes }) => `  ${folder}: ${formatBytes(bytes)} needed, ${formatBytes(freeBytes)} free`,
    ),
  ];
}

/** Ctrl+C cancels the install without leftovers. */
export async function install(environment: EnvironmentService, request: InstallRequest = {}): Promise<void> {
  const estimate = await environment.estimate(request);
  for (const line of describeEstimate(estimate)) printProgress(line);
  // The installed app brings uv, which is what pip is needed for.
  if (!isInstalled) await ensurePip();
  const cancel = (): void => environment.cancel();
  process.once('SIGINT', cancel);
  try {
    await environment.install(request);
  } finally {
    process.off('SIGINT', cancel);
  }
}

/** Installs the environment unless one works for this lock. */
export async function ensureInstalled(environment: EnvironmentService): Promise<CurrentPython> {
  const state = await environment.check();
  if (state.status !== 'ready' || state.isOutdated) await install(environment);
  const python = await environment.current();
  if (python === null) throw new SplitreelError(appError('ENVIRONMENT_MISSING'));
  return python;
}
