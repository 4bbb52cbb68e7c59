/**
 * Creates Debian base systems with debootstrap, from the mirror that this machine's apt uses, and runs commands in them.
 * Needs root.
 */
import { execa, type Options } from 'execa';
import { existsSync } from 'node:fs';
import { appendFile, copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const RELEASES = { bookworm: 'Debian 12', trixie: 'Debian 13' } as const;
export type Release = keyof typeof RELEASES;

/** Not in /tmp, because the roots take gigabytes and mount their own /tmp. */
const FOLDER = '/var/tmp/splitreel-roots';
export const USER = 'person';
const ENTER = path.join(import.meta.dirname, 'enter.sh');
const BASE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface RunOptions {
  /** Root (the default) or the ordinary user. */
  readonly as?: 'root' | 'user';
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Root {
  readonly release: Release;
  /** The path of one of the root's files, from outside. */
  readonly path: (...names: readonly string[]) => string;
  /** Runs a shell command and logs its output. */
  readonly run: (command: string, options?: RunOptions) => Promise<{ exitCode: number; output: string }>;
  /** Like `run`, but throws if the command fails. Returns the output. */
  readonly runOrThrow: (command: string, options?: RunOptions) => Promise<string>;
  readonly remove: () => Promise<void>;
}

/** The address of the Debian mirror in apt's configuration. */
async function debianMirror(): Promise<string> {
  const lists = '/etc/apt/sources.list.d';
  const names = (await readdir(lists)).map((name) => path.join(lists, name));
  for (const file of ['/etc/apt/sources.list', ...names]) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const found = /^(?:URIs:|deb)\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?(?:\s|$)/m.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error('/etc/apt lists no Debian mirror');
}

/** Creates a fresh root. The base system is archived, so that later runs don't download it again. */
export async function openRoot(release: Release, logFile: string): Promise<Root> {
  await mkdir(FOLDER, { recursive: true });
  const mirror = await debianMirror();
  const folder = path.join(FOLDER, `${release}-test`);
  const archive = path.join(FOLDER, `${release}.tar.zst`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  if (existsSync(archive)) await execa('tar', ['-C', folder, '--numeric-owner', '-xf', archive]);
  else {
    const options = ['--variant=minbase', '--include=ca-certificates'];
    await execa('debootstrap', [...options, release, folder, mirror]);
    await execa('tar', ['-C', folder, '--numeric-owner', '--zstd', '-cf', archive, '.']);
  }
  const root = rootAt(release, folder, logFile);
  await configure(root, mirror);
  return root;
}

function rootAt(release: Release, folder: string, logFile: string): Root {
  const run: Root['run'] = async (command, { as = 'root', timeoutMs = 1_800_000, env = {} } = {}) => {
    await appendFile(logFile, `${as === 'root' ? '#' : '$'} ${command}\n`);
    const home = as === 'root' ? '/root' : `/home/${USER}`;
    const variables = { PATH: BASE_PATH, HOME: home, LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive', ...env };
    const before = as === 'root' ? [] : ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--init-groups', '--'];
    const options = {
      env: variables,
      extendEnv: false,
      reject: false,
      all: true,
      timeout: timeoutMs,
    } satisfies Options;
    const program = ['bash', '-c', `cd "$HOME" && ${command}`];
    const { exitCode, all } = await execa(ENTER, [folder, ...before, ...program], options);
    await appendFile(logFile, `${all}\n`);
    return { exitCode: exitCode ?? 1, output: all };
  };
  return {
    release,
    path: (...names) => path.join(folder, ...names),
    run,
    runOrThrow: async (command, options) => {
      const { exitCode, output } = await run(command, options);
      if (exitCode !== 0) throw new Error(`${command} failed in ${release}:\n${output.slice(-4_000)}`);
      return output;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Gives the root this machine's network: name resolution, certificates and apt's settings. */
async function configure(root: Root, mirror: string): Promise<void> {
  await copyFile('/etc/resolv.conf', root.path('etc/resolv.conf'));
  await copyFile('/etc/hosts', root.path('etc/hosts'));
  const certificates = '/usr/local/share/ca-certificates';
  if (existsSync(certificates)) await cp(certificates, root.path(certificates), { recursive: true });
  const settings = '/etc/apt/apt.conf.d';
  const own = (await readdir(settings)).filter((name) => name.startsWith('99'));
  for (const name of own) await copyFile(path.join(settings, name), root.path(settings, name));
  await writeFile(root.path('etc/hostname'), `splitreel-${root.release}\n`);
  await writeFile(root.path('etc/apt/sources.list'), `deb ${mirror} ${root.release} main\n`);
  await root.runOrThrow('update-ca-certificates');
  await root.runOrThrow(`useradd --create-home --shell /bin/bash ${USER}`);
  await root.runOrThrow('apt-get update');
}
