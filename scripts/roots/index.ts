/**
 * `npm run test:packaged -- --roots [bookworm|trixie]`: the .deb in clean Debian roots, as a user would use it. Installs
 * it with apt, starts it as an ordinary user with the sandbox on, and plays a video after two clicks; upgrades it while a
 * video is being made; removes and purges it. Needs root, 15 GB below /var/tmp, and a network. Pictures and logs lie in
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
const SPOILT_VERSION = '0.0.9';

interface Report {
  readonly lines: readonly string[];
  readonly add: (text: string) => void;
}

/** One line a step, with the seconds since the start. */
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
  if (!isTrue) throw new Error(`This does not hold: ${what}`);
}

async function until<T>(find: () => Promise<T | null>, what: string, timeoutMs: number): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await find();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`Not in time: ${what}`);
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

/** The app under the ordinary user; Chromium's sandbox is on, because the app refuses to start without it. */
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

/** The root's processes with this command line, the oldest first: those whose root folder is the root. */
async function processesOf(root: Root, commandLine: string): Promise<readonly number[]> {
  const { stdout } = await execa('pgrep', ['-f', commandLine], { reject: false });
  const pids = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  const own = await Promise.all(
    pids.map(async (pid) => {
      const passwd = await readFile(`/proc/${String(pid)}/root/etc/hostname`, 'utf8').catch(() => '');
      return passwd === (await readFile(root.path('etc/hostname'), 'utf8')) ? pid : null;
    }),
  );
  return own.filter((pid) => pid !== null);
}

const ranksOf = async (root: Root): Promise<number> =>
  (await processesOf(root, 'splitreel/versions/.*generate')).length;

/** Chromium's sandbox filters the system calls of the page's process. */
async function checkSandbox(root: Root): Promise<void> {
  const [main] = await processesOf(root, PROGRAM);
  const all = main === undefined ? [] : await nodeProcesses.tree(main);
  const page = all.find(({ commandLine }) => commandLine.includes('--type=renderer'));
  check(page !== undefined, 'the page has a process');
  const status = await readFile(`/proc/${String(page.pid)}/status`, 'utf8');
  check(/^Seccomp:\s+2$/m.test(status), 'the process of the page is sandboxed');
}

const press = async (screen: Screen, what: string): Promise<void> => {
  const point = await until(screen.findButton, `the button for ${what}`, 120_000);
  await screen.click(point);
};

/** The package with another version number, and with what `change` does to its resources. */
async function otherPackage(
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

/** Every module fails as soon as it is imported: a job that met one of them would not end well. */
async function spoilPython(resources: string): Promise<void> {
  const folder = path.join(resources, 'python', 'splitreel');
  for (const name of await readdir(folder, { recursive: true }))
    if (name.endsWith('.py')) await writeFile(path.join(folder, name), 'raise ImportError("another version")\n');
}

interface Packages {
  readonly older: string;
  /** Between the two, with Python code that does not run. */
  readonly spoilt: string;
  readonly newer: string;
}

async function bring(root: Root, deb: string): Promise<string> {
  await copyFile(deb, root.path('root', path.basename(deb)));
  return `./${path.basename(deb)}`;
}

/** uv downloads Python from GitHub; where that is out of reach, the system's Python has to serve. */
async function bringPython(root: Root, report: Report): Promise<void> {
  const isReachable = await fetch('https://github.com/astral-sh/python-build-standalone', {
    method: 'HEAD',
    signal: AbortSignal.timeout(10_000),
  }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (isReachable) return;
  await root.must('apt-get install -y --no-install-recommends python3');
  report.add("uv's Python builds were out of reach from the test machine, so apt installed the system's Python.");
}

/** Returns the seconds from the second click to the video. */
async function firstVideo(root: Root, screen: Screen, report: Report): Promise<number> {
  const picture = (name: string): Promise<void> => screen.shot(path.join(RESULTS, `${root.release}-${name}.png`));
  const window = startWindow(root, screen);
  await until(screen.findButton, 'the first window', 60_000);
  await checkSandbox(root);
  report.add('An ordinary user opened the window, its sandbox is on, and it offers to install the engine.');
  await picture('1-first-start');
  await press(screen, 'Install');
  const isInstalled = async (): Promise<true | null> =>
    readFile(root.path(DATA, 'environment/current'), 'utf8').then(
      () => true,
      () => null,
    );
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  await picture('2-installing');
  await until(isInstalled, 'the environment', 1_500_000);
  report.add('First click: the engine is installed and has made its test video.');
  await until(screen.findButton, 'the example', 120_000);
  await picture('3-installed');
  await press(screen, 'the example');
  const pressedMs = performance.now();
  await until(async () => ((await videos(root)).length > 0 ? true : null), 'the first video', 1_200_000);
  const seconds = (performance.now() - pressedMs) / 1_000;
  await until(async () => ((await screen.changedPixels(300)) > 50 ? true : null), 'a moving picture', 60_000);
  report.add('Second click: the first video plays.');
  await picture('4-playing');
  await window.close();
  return seconds;
}

interface Upgrade extends Packages {
  /** Of each video that is made meanwhile. */
  readonly steps: number;
}

/** The first video has 25 steps. Two that take a minute and more each outlast any upgrade. */
const stepsFor = (seconds: number): number => Math.min(500, Math.max(4, Math.round((25 * 90) / seconds)));

/** A video is being made while apt replaces every file of the app. */
async function upgrade(root: Root, screen: Screen, report: Report, { newer, spoilt, steps }: Upgrade): Promise<void> {
  const window = startWindow(root, screen);
  const prompt = 'a green ball bounces on an orange background';
  const before = (await videos(root)).length;
  const flags = `--model demo --num_inference_steps ${steps} --output_dir /${VIDEOS}`;
  const job = root.run(`splitreel generate ${flags} --prompt '${prompt}' '${prompt}'`, {
    as: 'user',
    env: CERTIFICATES,
  });
  await until(async () => ((await ranksOf(root)) > 0 ? true : null), 'the job', 60_000);
  await root.must(`apt-get install -y --no-install-recommends ${await bring(root, spoilt)}`);
  check((await ranksOf(root)) > 0, 'the job still runs after the upgrade');
  check((await job).exitCode === 0, 'the job that ran during the upgrade ends well');
  check((await videos(root)).length === before + 2, 'its videos are there');
  report.add('apt replaced every file of the app while videos were being made; all of them were finished.');
  await root.must(`apt-get install -y --no-install-recommends ${await bring(root, newer)}`);
  check((await root.must('splitreel --version')).startsWith('splitreel '), 'the new version answers');
  await window.close();
  const kept = await hashes(root);
  const jobs = await statuses(root);
  const again = startWindow(root, screen);
  await until(async () => ((await screen.isBlank()) ? null : true), 'the window', 60_000);
  await until(async () => ((await screen.changedPixels(1_000)) === 0 ? true : null), 'a window at rest', 60_000);
  await screen.shot(path.join(RESULTS, `${root.release}-5-upgraded.png`));
  await again.close();
  check(JSON.stringify(await hashes(root)) === JSON.stringify(kept), 'videos are the same after the upgrade');
  check(JSON.stringify(await statuses(root)) === JSON.stringify(jobs), 'the queue is the same after the upgrade');
  report.add('The new version opens the queue and the videos of the older one.');
}

async function removeAndPurge(root: Root, report: Report, { newer }: Packages): Promise<void> {
  const kept = await hashes(root);
  // As root too: what Python leaves beside its sources must not keep a folder alive.
  await root.run('splitreel doctor');
  for (const verb of ['remove', 'purge']) {
    // apt does not know a package that was removed and came from no archive.
    if (verb === 'purge') await root.must(`apt-get install -y --no-install-recommends ${await bring(root, newer)}`);
    await root.must(`apt-get ${verb} -y splitreel </dev/null`);
    const left = await root.run('find / -xdev -iname "*splitreel*" -not -path "/home/*" -not -path "/proc/*"');
    const lines = left.output
      .split('\n')
      .filter((line) => line !== '' && !/^\/(root|var\/(lib\/dpkg|log|cache))\//.test(line));
    check(lines.length === 0, `${verb} leaves nothing: ${lines.join(', ')}`);
    check(JSON.stringify(await hashes(root)) === JSON.stringify(kept), `${verb} leaves the videos`);
    check((await readdir(root.path(DATA))).includes('settings.json'), `${verb} leaves the settings`);
  }
  report.add('apt removed and purged the package; videos, settings and models are still there, and nothing else is.');
}

/** dpkg is killed while it unpacks; the command says what to do, and doing it works. */
async function interrupted(root: Root, report: Report, { newer }: Packages): Promise<void> {
  const file = await bring(root, newer);
  const find = 'until test -e /usr/lib/splitreel/splitreel.dpkg-new; do sleep 0.05; done';
  const kill = 'for p in /proc/[0-9]*; do case $(cat $p/comm) in dpkg|dpkg-deb) kill -9 ${p#/proc/};; esac; done';
  await root.run(`timeout 60 bash -c '${find}; ${kill}' & dpkg -i ${file}; wait`);
  const answer = await root.run('splitreel --version', { as: 'user' });
  check(answer.exitCode !== 0, 'a half unpacked package does not start');
  await root.run('dpkg --configure -a');
  await root.must(`apt-get install -y --no-install-recommends --fix-broken ${file}`);
  check((await root.run('splitreel --version', { as: 'user' })).exitCode === 0, 'the repeated installation works');
  report.add('An installation that was killed starts nothing; repeating it works.');
}

async function testRelease(release: Release, packages: Packages): Promise<readonly string[]> {
  const report = openReport();
  const logFile = path.join(RESULTS, `${release}.log`);
  await rm(logFile, { force: true });
  const root = await openRoot(release, logFile);
  const screen = await openScreen();
  try {
    report.add(`${RELEASES[release]}: a base system by debootstrap, with no developer tools.`);
    await root.must(`apt-get install -y --no-install-recommends ${await bring(root, packages.older)}`);
    report.add('apt installed the .deb and the libraries it names.');
    check(
      (await root.run('command -v node npm git gcc', { as: 'user' })).output === '',
      'there are no developer tools',
    );
    await bringPython(root, report);
    const seconds = await firstVideo(root, screen, report);
    await upgrade(root, screen, report, { ...packages, steps: stepsFor(seconds) });
    await removeAndPurge(root, report, packages);
    await interrupted(root, report, packages);
  } catch (error) {
    await screen.shot(path.join(RESULTS, `${release}-failed.png`));
    throw error;
  } finally {
    screen.close();
    await root.remove();
  }
  return report.lines;
}

export async function testRoots(names: readonly string[]): Promise<number> {
  if (process.getuid?.() !== 0) throw new Error('Clean roots need root.');
  await ensurePackages(TOOLS);
  await mkdir(RESULTS, { recursive: true });
  const dist = path.join(ROOT, 'dist');
  const deb = (await readdir(dist)).find((name) => name.endsWith('.deb'));
  if (deb === undefined) throw new Error('Run npm run package first.');
  const newer = path.join(dist, deb);
  const packages = {
    newer,
    older: await otherPackage(newer, OLDER_VERSION),
    spoilt: await otherPackage(newer, SPOILT_VERSION, spoilPython),
  };
  const releases = (Object.keys(RELEASES) as Release[]).filter((each) => names.length === 0 || names.includes(each));
  for (const release of releases)
    await writeFile(path.join(RESULTS, `${release}.txt`), `${(await testRelease(release, packages)).join('\n')}\n`);
  return 0;
}
