/** The packages as `npm run package` makes them: what is in them, what they refuse, and that they run without Node. */
import { getCurrentFuseWire, FuseState } from '@electron/fuses';
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchOnce } from '../../scripts/package/appimage';
import { FUSES } from '../../scripts/package/electron';
import { ROOT } from '../../src/cli/paths';

const DIST = path.join(ROOT, 'dist');
/** As on a computer with nothing but a base system: no Node, no npm, no compiler, no display. */
const BARE = { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C.UTF-8' };
/** Chromium's sandbox does not work for root, so the window's own checks run as somebody else. */
const AS_USER = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];

let folder: string;
let deb: string;
/** The unpacked .deb. */
let root: string;

const inRoot = (...names: readonly string[]): string => path.join(root, ...names);
const resources = (...names: readonly string[]): string => inRoot('usr/lib/splitreel/resources', ...names);

async function endingIn(ending: string): Promise<string> {
  const name = (await readdir(DIST)).find((each) => each.endsWith(ending));
  if (name === undefined) throw new Error(`no ${ending} in dist`);
  return path.join(DIST, name);
}

/** Starts the program of the package; resolves when it has ended by itself. */
async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [file = '', ...rest] = [...AS_USER, inRoot('usr/lib/splitreel/splitreel'), ...args];
  const options = { reject: false, timeout: 60_000, extendEnv: false, cwd: '/' } as const;
  return execa(file, rest, {
    ...options,
    env: { ...BARE, HOME: folder, SPLITREEL_DATA: path.join(folder, 'data'), ...env },
  });
}

/** Ends a program and all that it started, whichever of them still runs. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It closed its dialog and ended by itself.
  }
}

beforeAll(async () => {
  await execa('npx', ['tsx', 'scripts/package.ts'], { cwd: ROOT, stdio: 'inherit' });
  deb = await endingIn('.deb');
  folder = await mkdtemp('/var/tmp/splitreel-package-');
  root = path.join(folder, 'root');
  await execa('dpkg-deb', ['-x', deb, root]);
  await chmod(folder, 0o777);
}, 900_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('every file belongs to root, and only the sandbox helper is setuid', async () => {
  const { stdout } = await execa('dpkg-deb', ['-c', deb]);
  const entries = stdout.split('\n').map((line) => line.split(/\s+/));
  expect(entries.filter(([, owner]) => owner !== 'root/root')).toEqual([]);
  const setuid = entries.filter(([mode]) => mode?.includes('s'));
  expect(setuid.map(([mode, , , , , name]) => [mode, name])).toEqual([
    ['-rwsr-xr-x', './usr/lib/splitreel/chrome-sandbox'],
  ]);
  expect(entries.filter(([mode]) => /^.(.{4}w|.{7}w)/.test(mode ?? '') && !mode?.startsWith('l'))).toEqual([]);
});

test('the control file names the libraries that Chromium opens by itself', async () => {
  const { stdout } = await execa('dpkg-deb', ['-f', deb, 'Depends', 'Architecture', 'Version']);
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(stdout).toContain('libx11-xcb1');
  expect(stdout).toContain('Architecture: amd64');
  expect(stdout).toContain(`Version: ${version}`);
});

test('the fuses of the packed program are what was decided', async () => {
  const wire = await getCurrentFuseWire(inRoot('usr/lib/splitreel/splitreel'));
  const wanted = Object.entries(FUSES).filter(([fuse]) => /^\d+$/.test(fuse) && fuse in wire);
  expect(wanted.length).toBeGreaterThanOrEqual(7);
  for (const [fuse, isOn] of wanted)
    expect([fuse, Object.entries(wire).find(([each]) => each === fuse)?.[1]]).toEqual([
      fuse,
      isOn ? FuseState.ENABLE : FuseState.DISABLE,
    ]);
});

test('the manifest covers every file beside it', async () => {
  const { files } = JSON.parse(await readFile(resources('manifest.json'), 'utf8')) as { files: Record<string, string> };
  for (const name of ['app.asar', 'uv/uv', 'python/__main__.py', 'resources/messages.en.json'])
    expect(files[name]).toBe(
      createHash('sha256')
        .update(await readFile(resources(name)))
        .digest('hex'),
    );
});

test('commands run without Node, a display or the sandbox', async () => {
  const run = (...args: readonly string[]) =>
    execa(inRoot('usr/bin/splitreel'), args, { env: BARE, extendEnv: false, reject: false, cwd: '/' });
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await run('--version')).toMatchObject({ exitCode: 0, stdout: `splitreel ${version}` });
  expect(await run('--help')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('doctor') as unknown });
  expect(await run('nonsense')).toMatchObject({
    exitCode: 2,
    stderr: "splitreel: unknown command 'nonsense'. Run 'splitreel --help' for a list.",
  });
  expect((await run('environment')).exitCode).toBe(2);
});

test('the man page has the text of --help', async () => {
  const { stdout: man } = await execa('gzip', ['-dc', inRoot('usr/share/man/man1/splitreel.1.gz')]);
  for (const command of ['generate', 'doctor', 'environment', 'bundle'])
    expect(man).toMatch(new RegExp(`^ +${command} `, 'm'));
});

test.each([
  ['without the sandbox', ['--no-sandbox'], "doesn't open its window without the sandbox"],
  ['with a debugging port', ['--remote-debugging-port=0'], 'remote-debugging-port'],
])('the window is refused %s', async (_name, args, message) => {
  const { exitCode, stderr } = await start(args, { DISPLAY: ':0' });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
});

test('the program is no Node, whatever the environment says', async () => {
  const { stdout } = await start(['-e', 'console.log("node ran")', '--', '--version'], { ELECTRON_RUN_AS_NODE: '1' });
  expect(stdout).toMatch(/^splitreel /);
  const marker = path.join(folder, 'node-options.cjs');
  await writeFile(marker, 'console.log("required")');
  const required = await start(['--no-sandbox', '--', '--version'], { NODE_OPTIONS: `--require ${marker}` });
  expect(required.stdout).toMatch(/^splitreel /);
});

test('a changed file stops the start', async () => {
  const copy = path.join(folder, 'changed');
  await cp(inRoot('usr/lib/splitreel'), copy, { recursive: true });
  const file = path.join(copy, 'resources', 'resources', 'environment.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('3.11', '3.12'));
  const helper = path.join(copy, 'chrome-sandbox');
  if (process.getuid?.() === 0) await execa('chown', ['root:root', helper]);
  await chmod(helper, 0o4755);
  const [command, ...rest] = [...AS_USER, 'xvfb-run', '-a', path.join(copy, 'splitreel')];
  const child = execa(command, rest, {
    env: { ...BARE, HOME: folder, SPLITREEL_DATA: path.join(folder, 'data') },
    extendEnv: false,
    reject: false,
    timeout: 60_000,
    // A dialog says the same, and stays until somebody closes it.
    detached: true,
  });
  const message = await new Promise<string>((resolve) => {
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Reinstall')) resolve(text);
    });
    void child.then(() => resolve(text));
  });
  expect(message).toContain('environment.json was changed after the installation');
  killGroup(child.pid);
  await child;
});

/** What the window's program prints until it has refused to start; a dialog says the same and is not waited for. */
async function refusal(env: Readonly<Record<string, string>>): Promise<string> {
  const [command, ...rest] = [...AS_USER, 'xvfb-run', '-a', inRoot('usr/lib/splitreel/splitreel')];
  const child = execa(command, rest, {
    env: { ...BARE, HOME: folder, ...env },
    extendEnv: false,
    reject: false,
    timeout: 60_000,
    detached: true,
  });
  const printed = await new Promise<string>((resolve) => {
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('data folder') || text.includes('The data in')) resolve(text);
    });
    void child.then(() => resolve(text));
  });
  killGroup(child.pid);
  await child;
  return printed;
}

test('data of a newer version is refused in the window, and no byte of it changes', async () => {
  const data = path.join(folder, 'newer');
  await mkdir(data, { mode: 0o777 });
  await chmod(data, 0o777);
  await writeFile(path.join(data, 'format.json'), '{"format": 1000}');
  expect(await refusal({ SPLITREEL_DATA: data })).toContain(
    'belongs to a newer version of Splitreel. Install that version',
  );
  expect(await readdir(data)).toEqual(['format.json']);
});

test.skipIf(AS_USER.length === 0)('a data folder that cannot be written is refused in one sentence', async () => {
  const data = path.join(folder, 'read-only');
  await mkdir(data, { mode: 0o755 });
  const sentence = `Splitreel can't write to its data folder, ${data}.`;
  expect(await refusal({ SPLITREEL_DATA: data })).toContain(sentence);
  const [command, ...rest] = [...AS_USER, inRoot('usr/bin/splitreel'), 'environment', 'status'];
  const options = { env: { ...BARE, SPLITREEL_DATA: data }, extendEnv: false, reject: false, cwd: '/' } as const;
  expect(await execa(command, rest, options)).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining(sentence) as unknown,
  });
});

test('another kind of computer and an unfinished installation are named by the command', async () => {
  const tools = path.join(folder, 'tools');
  await mkdir(tools);
  await writeFile(path.join(tools, 'uname'), '#!/bin/sh\necho aarch64\n', { mode: 0o755 });
  const env = { ...BARE, PATH: `${tools}:${BARE.PATH}` };
  const options = { extendEnv: false, reject: false, cwd: '/' } as const;
  expect(await execa(inRoot('usr/bin/splitreel'), ['--version'], { ...options, env })).toMatchObject({
    exitCode: 1,
    stderr: 'This Splitreel package is for x86-64 computers; this computer is aarch64.',
  });
  const unfinished = path.join(folder, 'unfinished', 'usr', 'bin');
  await mkdir(unfinished, { recursive: true });
  await cp(inRoot('usr/bin/splitreel'), path.join(unfinished, 'splitreel'));
  const answer = await execa(path.join(unfinished, 'splitreel'), ['--version'], { ...options, env: BARE });
  expect(answer.exitCode).toBe(1);
  expect(answer.stderr).toMatch(/^Splitreel isn't completely installed\. Reinstall the package;/);
});

test('commands refuse a package whose files are of two versions', async () => {
  const copy = path.join(folder, 'mixed');
  await cp(inRoot('usr'), path.join(copy, 'usr'), { recursive: true });
  await writeFile(path.join(copy, 'usr/lib/splitreel/resources/python/splitreel/__init__.py'), 'raise ImportError()\n');
  const env = { ...BARE, HOME: folder, SPLITREEL_DATA: path.join(folder, 'mixed-data') };
  const options = { env, extendEnv: false, reject: false, cwd: '/' } as const;
  const answer = await execa(path.join(copy, 'usr/bin/splitreel'), ['environment', 'status'], options);
  expect(answer.exitCode).toBe(3);
  expect(answer.stderr).toMatch(/__init__\.py is damaged or belongs to another version\. Install the package again\./);
});

test('the archive runs from anywhere', async () => {
  const archive = await endingIn('.tar.gz');
  const place = path.join(folder, 'elsewhere ü');
  await mkdir(place);
  await execa('tar', ['-C', place, '-xzf', archive]);
  const [name = ''] = await readdir(place);
  const program = path.join(place, name, 'bin', 'splitreel');
  const options = { env: { ...BARE, HOME: folder }, extendEnv: false, cwd: '/' } as const;
  const [command, ...rest] = [...AS_USER, program, '--version'];
  expect((await execa(command, rest, options)).stdout).toMatch(/^splitreel \d/);
});

test('the AppImage unpacks, runs, and says what to do where it has no sandbox', async () => {
  const place = path.join(folder, 'AppImage');
  await mkdir(place);
  await execa(await endingIn('.AppImage'), ['--appimage-extract'], { cwd: place });
  // Unlike a mount, which shows the modes of the image, unpacking makes folders for the user who does it alone.
  await execa('chmod', ['-R', 'a+rX', place]);
  const [command, ...before] = [...AS_USER, path.join(place, 'squashfs-root', 'AppRun')];
  const env = { ...BARE, HOME: folder };
  const options = { extendEnv: false, reject: false, cwd: '/' } as const;
  const version = await execa(command, [...before, '--version'], { ...options, env });
  expect(version.stdout).toMatch(/^splitreel \d/);
  const tools = path.join(folder, 'no-namespaces');
  await mkdir(tools);
  await writeFile(path.join(tools, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const restricted = { ...env, PATH: `${tools}:${BARE.PATH}`, DISPLAY: ':0', APPIMAGE: '/Splitreel.AppImage' };
  expect(await execa(command, before, { ...options, env: restricted })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Install the .deb or .rpm package instead.') as unknown,
  });
});

test("an AppImage's runtime is downloaded once, and only with its hash", async () => {
  const bytes = Buffer.from('a runtime');
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end(bytes);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/runtime`;
  const file = path.join(folder, 'cache', 'runtime');
  const right = { url, sha256: createHash('sha256').update(bytes).digest('hex') };
  await expect(fetchOnce(file, { url, sha256: '0'.repeat(64) })).rejects.toThrow('has the hash');
  await expect(stat(file)).rejects.toThrow('ENOENT');
  expect([await fetchOnce(file, right), await fetchOnce(file, right)]).toEqual([file, file]);
  expect(requests).toBe(2);
  server.close();
  await rm(file);
  expect(await fetchOnce(file, right)).toBeNull();
});

test('the rpm installs into an empty root, with the same files', async () => {
  const rpm = await endingIn('.rpm');
  const place = path.join(folder, 'rpm-root');
  await mkdir(place);
  const { stdout: listed } = await execa('rpm', ['-qpl', '--nosignature', rpm]);
  for (const file of [
    '/usr/bin/splitreel',
    '/usr/lib/splitreel/chrome-sandbox',
    '/usr/share/applications/splitreel.desktop',
  ])
    expect(listed.split('\n')).toContain(file);
  await execa('rpm', ['--root', place, '--initdb']);
  await execa('rpm', ['--root', place, '--install', '--nodeps', '--noscripts', '--nosignature', rpm]);
  const files = async (below: string): Promise<readonly string[]> =>
    (await readdir(path.join(below, 'usr'), { recursive: true })).sort();
  expect(await files(place)).toEqual((await files(root)).filter((name) => !name.startsWith('lib/sysimage')));
  const { mode } = await stat(path.join(place, 'usr/lib/splitreel/chrome-sandbox'));
  expect(mode & 0o7777).toBe(0o4755);
});

test('checksums, bill of materials and notices describe what was made', async () => {
  await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: DIST });
  const bill = JSON.parse(await readFile(await endingIn('.cdx.json'), 'utf8')) as {
    bomFormat: string;
    components: { name: string; version: string }[];
  };
  expect(bill.bomFormat).toBe('CycloneDX');
  const names = new Set(bill.components.map(({ name }) => name));
  for (const name of ['react', 'zod', 'electron', 'torch', 'diffusers', 'flash-attn-4']) expect(names).toContain(name);
  const notices = await readFile(resources('notices', 'THIRD-PARTY.txt'), 'utf8');
  for (const name of ['Electron', 'react ', 'torch ']) expect(notices).toContain(name);
});

test('the same commit gives the same bytes', async () => {
  const before = await readFile(path.join(DIST, 'SHA256SUMS'), 'utf8');
  await execa('npx', ['tsx', 'scripts/package.ts', 'deb'], { cwd: ROOT, stdio: 'inherit' });
  const after = await readFile(path.join(DIST, 'SHA256SUMS'), 'utf8');
  for (const line of after.trim().split('\n')) expect(before).toContain(line);
}, 300_000);
