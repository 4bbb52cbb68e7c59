/** Libraries that Chromium loads and a bare Debian lacks. */
import { execa } from 'execa';
import { isOnPath, isRoot, say } from './places';

export const WINDOW_PACKAGES = ['libnss3', 'libgtk-3-0', 'libasound2', 'libgbm1', 'libxss1', 'libxtst6'] as const;
export const TEST_PACKAGES = [...WINDOW_PACKAGES, 'xvfb', 'xauth', 'openbox', 'xdotool', 'ffmpeg'] as const;

/** Installs what is missing as root; otherwise throws with the command to run. Elsewhere than on Debian: nothing. */
export async function ensurePackages(packages: readonly string[]): Promise<void> {
  if (!isOnPath('dpkg-query') || !isOnPath('apt-get')) return;
  const { stdout } = await execa('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages], {
    reject: false,
  });
  const lines = stdout.split('\n');
  // Newer releases carry some of them under a name with t64 at its end; dpkg then knows the old name as provided.
  const missing = packages.filter((name) => !lines.some((line) => line === `${name} installed`));
  if (missing.length === 0) return;
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  if (!isRoot())
    throw new Error(
      `Some system libraries are missing. Run:\n  sudo apt-get update && sudo apt-get ${install.join(' ')}`,
    );
  say(`Installing ${missing.join(' ')} …`);
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'] } as const;
  await execa('apt-get', ['update', '-qq'], options);
  await execa('apt-get', ['-qq', ...install], options);
}

/** pip fetches uv's wheel; Debian splits it from Python. */
export async function ensurePip(): Promise<void> {
  const { exitCode } = await execa('python3', ['-I', '-m', 'pip', '--version'], { reject: false });
  if (exitCode !== 0) await ensurePackages(['python3-pip']);
}
