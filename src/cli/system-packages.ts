/** Programs and libraries of the system that a bare Debian lacks. */
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { appError, SplitreelError } from '../shared/errors';
import { print } from './terminal';

export const isRoot = (): boolean => process.getuid?.() === 0;
export const isOnPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, program)));

class PackagesMissing extends Error {
  readonly command: string;
  constructor(command: string) {
    super(`Some system libraries are missing. Run:\n  ${command}`);
    this.command = command;
  }
}

/** Installs what is missing as root; otherwise throws PackagesMissing. Does nothing without apt. */
export async function ensurePackages(packages: readonly string[]): Promise<void> {
  if (!isOnPath('dpkg-query') || !isOnPath('apt-get')) return;
  const { stdout } = await execa('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages], {
    reject: false,
  });
  const lines = stdout.split('\n');
  // Newer releases add t64 to some names; dpkg-query then lists the old name as provided.
  const missing = packages.filter((name) => !lines.some((line) => line === `${name} installed`));
  if (missing.length === 0) return;
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  if (!isRoot()) throw new PackagesMissing(`sudo apt-get update && sudo apt-get ${install.join(' ')}`);
  print(`Installing ${missing.join(' ')} …`);
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'] } as const;
  await execa('apt-get', ['update', '-qq'], options);
  await execa('apt-get', ['-qq', ...install], options);
}

/** pip fetches uv's wheel; Debian packages it apart from Python. Throws PYTHON_MISSING with the command to run. */
export async function ensurePip(): Promise<void> {
  const { exitCode } = await execa('python3', ['-I', '-m', 'pip', '--version'], { reject: false });
  if (exitCode === 0) return;
  await ensurePackages(['python3-pip']).catch((error: unknown) => {
    if (!(error instanceof PackagesMissing)) throw error;
    throw new SplitreelError(appError('PYTHON_MISSING', {}, { details: error.command }));
  });
}
