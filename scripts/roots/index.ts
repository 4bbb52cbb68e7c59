/**
 * `npm run test:packaged -- --roots [bookworm|trixie]`: uses the .deb in clean Debian roots as a user would. Installs it
 * with apt, starts it as an ordinary user with the sandbox on, plays a video after two clicks, upgrades the package while
 * a video is being made, removes and purges it. Needs root, 15 GB in /var/tmp and a network. Screenshots and logs go to
 * test-results/roots.
 */
import { createHash } from 'node:crypto';
import { execa } from 'execa';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../../src/cli/paths';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { ensurePackages } from '../../src/cli/system-packages';
import { print } from '../../src/cli/terminal';
import { writeManifest } from '../package/manifest';
import { APP_FOLDER } from '../package/product';
import { openRoot, RELEASES, USER, type Release, type Root } from './root';
import { openScreen, type Screen } from './screen';

const TOOLS = ['debootstrap', 'zstd', 'xvfb', 'xdotool', 'ffmpeg'] as const;
const RESULTS = path.join(ROOT, 'test-results', 'roots');
const HOME = `home/${USER}`;
const DATA = `${HOME}/.local/share/splitreel`;
const VIDEOS = `${HOME}/Videos/Splitreel`;
const PROGRAM = '^/usr/lib/splitreel/splitreel';
const CERTIFICATES = { SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt' };
const OLDER_VERSION = '0.0.8';
const BROKEN_VERSION = '0.0.9';

interface Report {
  readonly lines: readonly string[];
  readonly add: (text: string) => void;
}

/** One line per step, with the seconds since the start. */
function openReport(): Report {
  const lines: string[] = [];
  const startedMs = performance.now();
  const add = (text: string): void => {
    const line = `${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${text}`;
    lines.push(line);
    print(line);
  };
  return { lines, add };
}

function check(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(`Check failed: ${what}`);
}

async function waitFor<T>(find: () => Promise<T | null>, what: string, timeoutMs: number): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await find();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`Timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

interface JobsFile {
  readonly jobs: readonly { readonly state: { readonly status: string } }[];
}

const statuses = async (root: Root): Promise<readonly string[]> => {
  const text = await readFile(root.path(DATA, 'jobs.json'), 'utf8').catch(() => '{"jobs":[]}');
  return (JSON.parse(text) as JobsFile).jobs.map(({ state }) => state.status);
};

const videos = async (root: Root): Promise<readonly string[]> =>
  (await readdir(root.path(VIDEOS)).catch(() => [])).filter((name) => name.endsWith('.mp4')).sort();

async function hashes(root: Root): Promise<readonly string[]> {
  const all = (await videos(root)).map(async (name) => {
    const bytes = await readFile(root.path(VIDEOS, name));
    return `${name} ${createHash('sha256').update(bytes).digest('hex')}`;
  });
  return Promise.all(all);
}

interface OpenWindow {
  readonly close: () => Promise<void>;
}

/** Starts the app as the ordinary user. The sandbox is on: the app refuses to start without it. */
function startWindow(root: Root, screen: Screen): OpenWindow {
  const env = { DISPLAY: screen.display, XDG_SESSION_TYPE: 'x11', ...CERTIFICATES };
  const ended = root.run('exec splitreel', { as: 'user', env });
  return {
    close: async () => {
      const [main] = await processesOf(root, PROGRAM);
      if (main !== undefined) process.kill(main, 'SIGTERM');
      await ended;
    },
  };
}

/** Processes running in this root whose command line matches, oldest first. */
async function processesOf(root: Root, commandLine: string): Promise<readonly number[]> {
  const { stdout } = await execa('pgrep', ['-f', commandLine], { reject: false });
  const pids = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  const own = await Promise.all(
    pids.map(async (pid) => {
      const hostname = await readFile(`/proc/${String(pid)}/root/etc/hostname`, 'utf8').catch(() => '');
      return hostname === (await readFile(root.path('etc/hostname'), 'utf8')) ? pid : null;
    }),
  );
  return own.filter((pid) => pid !== null);
}

const ranksOf = async (root: Root): Promise<number> =>
  (await processesOf(root, 'splitreel/versions/.*generate')).length;

/** Checks that Chromium's sandbox filters the renderer's system calls. */
async function checkSandbox(root: Root): Promise<void> {
  const [main] = await processesOf(root, PROGRAM);
  const all = main === undefined ? [] : await nodeProcesses.tree(main);
  const page = all.find(({ commandLine }) => commandLine.includes('--type=renderer'));
  check(page !== undefined, 'there is a renderer process');
  const status = await readFile(`/proc/${String(page.pid)}/status`, 'utf8');
  check(/^Seccomp:\s+2$/m.test(status), 'the renderer is sandboxed');
}

const pressButton = async (screen: Screen, what: string): Promise<void> => {
  const point = await waitFor(screen.findButton, `the button for ${what}`, 120_000);
  await screen.click(point);
};

/** Rebuilds the package with another version number, after `change` has edited its resources. */
async function repackage(
  deb: string,
  version: string,
  change: (resources: string) => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  const folder = path.join(RESULTS, 'other');
  await rm(folder, { recursive: true, force: true });
  await execa('dpkg-deb', ['-R', deb, folder]);
  const control = path.join(folder, 'DEBIAN', 'control');
  const text = await readFile(control, 'utf8');
  await writeFile(control, text.replace(/^Version: .*$/m, `Version: ${version}`));
  const resources = path.join(folder, APP_FOLDER, 'resources');
  await change(resources);
  await rm(path.join(resources, 'manifest.json'));
  await writeManifest(resources);
  const other = path.join(RESULTS, `splitreel_${version}_amd64.deb`);
  await execa('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z1', '--build', folder, other]);
  await rm(folder, { recursive: true });
  return other;
}

/** Makes every module fail on import, so that a job that loads one of them fails. */
async function breakPython(resources: string): Promise<void> {
  const folder = path.join(resources, 'python', 'splitreel');
  for (const name of await readdir(folder, { recursive: true }))
    if (name.endsWith('.py')) await writeFile(path.join(folder, name), 'raise ImportError("another version")\n');
}

interface Packages {
  readonly older: string;
  /** A version between the two whose Python code can't be imported. */
  readonly broken: string;
  readonly newer: string;
}

async function copyInto(root: Root, deb: string): Promise<string> {
  await copyFile(deb, root.path('root', path.basename(deb)));
  return `./${path.basename(deb)}`;
}

/** uv downloads Python from GitHub. If that is unreachable, this installs the system's Python instead. */
async function ensurePython(root: Root, report: Report): Promise<void> {
  const isReachable = await fetch('https://github.com/astral-sh/python-build-standalone', {
    method: 'HEAD',
    signal: AbortSignal.timeout(10_000),
  }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (isReachable) return;
  await root.runOrThrow('apt-get install -y --no-install-recommends python3');
  report.add("uv's Python builds weren't reachable from the test machine, so apt installed the system's Python.");
}

/** Installs the engine and makes the first video. Returns the seconds from the second click to the video. */
async function makeFirstVideo(root: Root, screen: Screen, report: Report): Promise<number> {
  const screenshot = (name: string): Promise<void> =>
    screen.screenshot(path.join(RESULTS, `${root.release}-${name}.png`));
  const window = startWindow(root, screen);
  await waitFor(screen.findButton, 'the first window', 60_000);
  await checkSandbox(root);
  report.add('An ordinary user opened the window, its sandbox is on, and it offers to install the engine.');
  await screenshot('1-first-start');
  await pressButton(screen, 'Install');
  const isInstalled = async (): Promise<true | null> =>
    readFile(root.path(DATA, 'environment/current'), 'utf8').then(
      () => true,
      () => null,
    );
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  await screenshot('2-installing');
  await waitFor(isInstalled, 'the environment', 1_500_000);
  report.add('First click: the engine is installed and has made its test video.');
  await waitFor(screen.findButton, 'the example', 120_000);
  await screenshot('3-installed');
  await pressButton(screen, 'the example');
  const pressedMs = performance.now();
  await waitFor(async () => ((await videos(root)).length > 0 ? true : null), 'the first video', 1_200_000);
  const seconds = (performance.now() - pressedMs) / 1_000;
  await waitFor(async () => ((await screen.changedPixels(300)) > 50 ? true : null), 'the video to play', 60_000);
  report.add('Second click: the first video plays.');
  await screenshot('4-playing');
  await window.close();
  return seconds;
}

interface Upgrade extends Packages {
  /** Denoising steps of each video made during the upgrade. */
  readonly steps: number;
}

/** The first video has 25 steps. Scaled so that each of two videos takes about 90 s, which outlasts any upgrade. */
const stepsFor = (seconds: number): number => Math.min(500, Math.max(4, Math.round((25 * 90) / seconds)));

/** Replaces every file of the app with apt while videos are being made. */
async function upgradeDuringJob(
  root: Root,
  screen: Screen,
  report: Report,
  { newer, broken, steps }: Upgrade,
): Promise<void> {
  const window = startWindow(root, screen);
  const prompt = 'a green ball bounces on an orange background';
  const before = (await videos(root)).length;
  const flags = `--model demo --num_inference_steps ${steps} --output_dir /${VIDEOS}`;
  const job = root.run(`splitreel generate ${flags} --prompt '${prompt}' '${prompt}'`, {
    as: 'user',
    env: CERTIFICATES,
  });
  await waitFor(async () => ((await ranksOf(root)) > 0 ? true : null), 'the job', 60_000);
  await root.runOrThrow(`apt-get install -y --no-install-recommends ${await copyInto(root, broken)}`);
  check((await ranksOf(root)) > 0, 'the job still runs after the upgrade');
  check((await job).exitCode === 0, 'the job that ran during the upgrade succeeds');
  check((await videos(root)).length === before + 2, 'both videos exist');
  report.add('apt replaced every file of the app while videos were being made; both were finished.');
  await root.runOrThrow(`apt-get install -y --no-install-recommends ${await copyInto(root, newer)}`);
  check((await root.runOrThrow('splitreel --version')).startsWith('splitreel '), 'the new version runs');
  await window.close();
  const kept = await hashes(root);
  const jobs = await statuses(root);
  const again = startWindow(root, screen);
  await waitFor(async () => ((await screen.isBlank()) ? null : true), 'the window', 60_000);
  await waitFor(async () => ((await screen.changedPixels(1_000)) === 0 ? true : null), 'the window to settle', 60_000);
  await screen.screenshot(path.join(RESULTS, `${root.release}-5-upgraded.png`));
  await again.close();
  check(JSON.stringify(await hashes(root)) === JSON.stringify(kept), 'the upgrade leaves the videos unchanged');
  check(JSON.stringify(await statuses(root)) === JSON.stringify(jobs), 'the upgrade leaves the queue unchanged');
  report.add("The new version opens the older version's queue and videos.");
}

async function removeAndPurge(root: Root, report: Report, { newer }: Packages): Promise<void> {
  const kept = await hashes(root);
  // As root, so that Python writes bytecode next to its sources. It must not keep folders from being removed.
  await root.run('splitreel doctor');
  for (const verb of ['remove', 'purge']) {
    // After removal, apt no longer knows a package that came from no repository.
    if (verb === 'purge')
      await root.runOrThrow(`apt-get install -y --no-install-recommends ${await copyInto(root, newer)}`);
    await root.runOrThrow(`apt-get ${verb} -y splitreel </dev/null`);
    const left = await root.run('find / -xdev -iname "*splitreel*" -not -path "/home/*" -not -path "/proc/*"');
    const lines = left.output
      .split('\n')
      .filter((line) => line !== '' && !/^\/(root|var\/(lib\/dpkg|log|cache))\//.test(line));
    check(lines.length === 0, `${verb} leaves nothing behind: ${lines.join(', ')}`);
    check(JSON.stringify(await hashes(root)) === JSON.stringify(kept), `${verb} keeps the videos`);
    check((await readdir(root.path(DATA))).includes('settings.json'), `${verb} keeps the settings`);
  }
  report.add('apt removed and purged the package. Only videos, settings and models are left.');
}

/** Kills dpkg while it unpacks. The command must refuse to start, and reinstalling must work. */
async function interruptInstall(root: Root, report: Report, { newer }: Packages): Promise<void> {
  const file = await copyInto(root, newer);
  const find = 'until test -e /usr/lib/splitreel/splitreel.dpkg-new; do sleep 0.05; done';
  const kill = 'for p in /proc/[0-9]*; do case $(cat $p/comm) in dpkg|dpkg-deb) kill -9 ${p#/proc/};; esac; done';
  await root.run(`timeout 60 bash -c '${find}; ${kill}' & dpkg -i ${file}; wait`);
  const answer = await root.run('splitreel --version', { as: 'user' });
  check(answer.exitCode !== 0, 'a partly unpacked package does not start');
  await root.run('dpkg --configure -a');
  await root.runOrThrow(`apt-get install -y --no-install-recommends --fix-broken ${file}`);
  check((await root.run('splitreel --version', { as: 'user' })).exitCode === 0, 'reinstalling works');
  report.add("A killed installation doesn't start, and reinstalling works.");
}

async function testRelease(release: Release, packages: Packages): Promise<readonly string[]> {
  const report = openReport();
  const logFile = path.join(RESULTS, `${release}.log`);
  await rm(logFile, { force: true });
  const root = await openRoot(release, logFile);
  const screen = await openScreen();
  try {
    report.add(`${RELEASES[release]}: debootstrap created a base system without developer tools.`);
    await root.runOrThrow(`apt-get install -y --no-install-recommends ${await copyInto(root, packages.older)}`);
    report.add('apt installed the .deb and its dependencies.');
    check(
      (await root.run('command -v node npm git gcc', { as: 'user' })).output === '',
      'no developer tools are installed',
    );
    await ensurePython(root, report);
    const seconds = await makeFirstVideo(root, screen, report);
    await upgradeDuringJob(root, screen, report, { ...packages, steps: stepsFor(seconds) });
    await removeAndPurge(root, report, packages);
    await interruptInstall(root, report, packages);
  } catch (error) {
    await screen.screenshot(path.join(RESULTS, `${release}-failed.png`));
    throw error;
  } finally {
    screen.close();
    await root.remove();
  }
  return report.lines;
}

export async function testRoots(names: readonly string[]): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('Testing in clean roots needs root.');
  await ensurePackages(TOOLS);
  await mkdir(RESULTS, { recursive: true });
  const dist = path.join(ROOT, 'dist');
  const deb = (await readdir(dist)).find((name) => name.endsWith('.deb'));
  if (deb === undefined) throw new Error('Run npm run package first.');
  const newer = path.join(dist, deb);
  const packages = {
    newer,
    older: await repackage(newer, OLDER_VERSION),
    broken: await repackage(newer, BROKEN_VERSION, breakPython),
  };
  const releases = (Object.keys(RELEASES) as Release[]).filter((each) => names.length === 0 || names.includes(each));
  for (const release of releases)
    await writeFile(path.join(RESULTS, `${release}.txt`), `${(await testRelease(release, packages)).join('\n')}\n`);
  return 0;
}
