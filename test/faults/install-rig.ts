/**
 * Everything for tests that break an install: the real uv, a local package index, a slot in use that is a real
 * environment, and new slots that can be real ones too. A small wheel puts the packages of the tests' Python on a slot's
 * path, so that each install takes a second and still runs the real code.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { expect } from 'vitest';
import { pythonForTests, UV_VERSION, uvProgram } from '../../scripts/python-for-tests';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { nodeClock } from '../../src/main/adapters/node/clock';
import { nodeRandom } from '../../src/main/adapters/node/random';
import { createEnvironment, type EnvironmentService } from '../../src/main/install/environment';
import type { EnvironmentPorts } from '../../src/main/install/install-attempt';
import type { EnvironmentOptions } from '../../src/main/install/environment-options';
import type { Environ } from '../../src/main/engine/worker-environment';
import { SILENT_LOG } from '../../src/main/ports/log';

const run = promisify(execFile);
export const ROOT = path.resolve(import.meta.dirname, '../..');
export const OLD = 'old-slot';

export interface Wheel {
  readonly name: string;
  readonly file: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

export interface WheelSpec {
  readonly name: string;
  /** Paths in site-packages and what is in them. */
  readonly files: Readonly<Record<string, string>>;
  readonly requires?: readonly string[];
}

const WHEEL_MAKER = `
import json, sys, zipfile
for spec in json.load(open(sys.argv[1])):
    stem = spec["name"].replace("-", "_") + "-1.0"
    info = stem + ".dist-info/"
    requires = "".join(f"Requires-Dist: {name}\\n" for name in spec.get("requires", []))
    with zipfile.ZipFile(f"{sys.argv[2]}/{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in spec["files"].items():
            wheel.writestr(path, text)
        wheel.writestr(info + "METADATA", f"Metadata-Version: 2.1\\nName: {spec['name']}\\nVersion: 1.0\\n{requires}")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
`;

/** Wheels named as on an index: `tiny_thing-1.0-py3-none-any.whl`. */
export async function makeWheels(folder: string, specs: readonly WheelSpec[]): Promise<readonly Wheel[]> {
  const list = path.join(folder, 'wheels.json');
  await writeFile(list, JSON.stringify(specs));
  await run('python3', ['-c', WHEEL_MAKER, list, folder]);
  return Promise.all(
    specs.map(async ({ name }) => {
      const file = `${name.replaceAll('-', '_')}-1.0-py3-none-any.whl`;
      const bytes = await readFile(path.join(folder, file));
      return { name, file, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
}

const FILLER = 'x = 1\n'.repeat(200_000);
/** 1.2 MB, so that it can be cut in the middle. */
const TINY: WheelSpec = { name: 'tiny-thing', files: { 'tiny_thing.py': FILLER } };

/** Puts all packages of the tests' Python on the path of the slot. */
const realPackages = (packages: string): WheelSpec => ({
  name: 'real-packages',
  files: { 'real_packages.pth': `${packages}\n` },
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An index as pip and uv read it: a page of links for each name, and files. */
export interface Index {
  readonly address: () => string;
  readonly port: () => number;
  /** Each request, in order. */
  readonly asked: IncomingMessage[];
  /** Replaces the response of the index; null: it responds normally. */
  answer: Answer | null;
  readonly serve: Answer;
  readonly offer: (wheels: readonly Wheel[]) => void;
  readonly close: () => void;
}

export async function openIndex(
  options: { readonly create?: (listener: Answer) => Server; readonly scheme?: string } = {},
): Promise<Index> {
  const wheels = new Map<string, Wheel>();
  const serve: Answer = (request, response) => {
    const url = request.url ?? '';
    const file = [...wheels.values()].find((wheel) => url.endsWith(`/${wheel.file}`));
    if (file !== undefined) {
      response.setHeader('content-length', file.bytes.length).end(file.bytes);
      return;
    }
    const page = wheels.get(/\/simple\/([^/]+)\/?$/.exec(url)?.[1] ?? '');
    if (page === undefined) response.writeHead(404).end();
    else response.setHeader('content-type', 'text/html').end(`<a href="/files/${page.file}">${page.file}</a>`);
  };
  const index: { answer: Answer | null; asked: IncomingMessage[] } = { answer: null, asked: [] };
  const listener: Answer = (request, response) => {
    index.asked.push(request);
    (index.answer ?? serve)(request, response);
  };
  const server = (options.create ?? createServer)(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (): number => (server.address() as AddressInfo).port;
  return Object.assign(index, {
    address: () => `${options.scheme ?? 'http'}://localhost:${String(port())}`,
    port,
    serve,
    offer: (added: readonly Wheel[]) => {
      for (const wheel of added) wheels.set(wheel.name, wheel);
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

export interface Rig {
  readonly folder: string;
  readonly at: (...parts: string[]) => string;
  readonly index: Index;
  readonly wheels: { readonly tiny: Wheel; readonly real: Wheel };
  /** The initial contents of the slot in use. */
  readonly oldSlot: Manifest;
  /** Real site-packages, for a test's own wheels. */
  readonly packages: string;
  readonly writeLock: (pins: readonly { readonly name: string; readonly sha256: string }[]) => Promise<void>;
  readonly options: (env?: Environ) => EnvironmentOptions;
  readonly open: (
    env?: Environ,
    ports?: Partial<EnvironmentPorts>,
    options?: Partial<EnvironmentOptions>,
  ) => EnvironmentService;
  /** For `open`: an environment in which no variable names an index. */
  readonly withoutIndex: Environ;
  readonly putUv: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface RigOptions {
  /** The folder of slots and downloads, if not the rig's own. */
  readonly root?: string;
  readonly downloads?: string;
  /** False: pip has to fetch uv first. */
  readonly hasUv?: boolean;
  readonly uvSha256?: string;
}

const PYTHON = execFileSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
  encoding: 'utf8',
}).trim();

export async function sitePackages(): Promise<string> {
  const library = path.join(await pythonForTests(ROOT), 'lib');
  const [version = ''] = (await readdir(library)).filter((name) => name.startsWith('python'));
  return path.join(library, version, 'site-packages');
}

export async function openRig(setup: RigOptions = {}): Promise<Rig> {
  const folder = await mkdtemp(path.join(tmpdir(), 'splitreel env ü '));
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  const root = setup.root ?? at('environment');
  const packages = await sitePackages();
  const [tiny, real] = await makeWheels(folder, [TINY, realPackages(packages)]);
  if (tiny === undefined || real === undefined) throw new Error('the wheels were not made');
  const index = await openIndex();
  index.offer([tiny, real]);

  if (setup.hasUv !== false) await putUv(root);
  await mkdir(at('python'));
  await mkdir(at('resources'));
  for (const name of ['__main__.py', 'splitreel']) await symlink(path.join(ROOT, 'python', name), at('python', name));
  await symlink(path.join(ROOT, 'resources/demo'), at('resources/demo'));
  const sizes = [tiny, real].map(({ name, file, sha256, bytes }) => {
    return { name, file, sha256, bytes: bytes.length, unpackedBytes: bytes.length };
  });
  await writeFile(
    at('python/requirements.wheels.json'),
    JSON.stringify({ [`${process.platform}-${process.arch}`]: sizes }),
  );
  const settings = {
    minimumDriver: '1',
    pythonVersion: PYTHON,
    systemPythonVersions: [PYTHON],
    uv: {
      version: UV_VERSION,
      wheelSha256: { [`${process.platform}-${process.arch}`]: setup.uvSha256 ?? '0'.repeat(64) },
    },
    gpuOnlyPackages: [],
    flashAttentionCapability: '9.0',
    overheadBytes: 1,
  };
  await writeFile(at('resources/environment.json'), JSON.stringify(settings));
  const writeLock: Rig['writeLock'] = (pins) =>
    writeFile(
      at('python/requirements.lock'),
      pins.map(({ name, sha256 }) => `${name}==1.0 --hash=sha256:${sha256}\n`).join(''),
    );
  await writeLock([tiny, real]);
  await makeOldSlot(root, packages);
  const oldSlot = await manifestOf(path.join(root, 'slots', OLD));

  const options: Rig['options'] = (env = {}) => ({
    root: () => root,
    downloadsFolder: () => setup.downloads ?? at('downloads'),
    pythonsFolder: at('pythons'),
    choice: () => 'cpu',
    pid: process.pid,
    pythonFolder: at('python'),
    uvProgram: null,
    resourcesFolder: at('resources'),
    platform: process.platform,
    arch: process.arch,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      OMP_NUM_THREADS: '1',
      UV_DEFAULT_INDEX: `${index.address()}/simple`,
      PIP_INDEX_URL: `${index.address()}/simple`,
      UV_HTTP_RETRIES: '0',
      ...env,
    },
    onChange: () => undefined,
  });
  return {
    folder,
    at,
    index,
    wheels: { tiny, real },
    oldSlot,
    packages,
    writeLock,
    options,
    open: (env, ports = {}, more = {}) =>
      createEnvironment(
        { files: nodeFiles, clock: nodeClock, processes: nodeProcesses, random: nodeRandom, log: SILENT_LOG, ...ports },
        { ...options(env), ...more },
      ),
    withoutIndex: { UV_DEFAULT_INDEX: undefined, PIP_INDEX_URL: undefined },
    putUv: () => putUv(root),
    close: async () => {
      index.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function putUv(root: string): Promise<void> {
  const folder = path.join(root, 'tool', `uv-${UV_VERSION}`, `uv-${UV_VERSION}.data`, 'scripts');
  await mkdir(folder, { recursive: true });
  await symlink(await uvProgram(), path.join(folder, 'uv'));
}

/** A slot as the app makes it, with the packages of the tests' Python: it makes videos. */
async function makeOldSlot(root: string, packages: string): Promise<void> {
  const slot = path.join(root, 'slots', OLD);
  await mkdir(path.dirname(slot), { recursive: true });
  await run('python3', ['-m', 'venv', '--without-pip', slot]);
  await writeFile(path.join(slot, 'lib', `python${PYTHON}`, 'site-packages', 'real_packages.pth'), `${packages}\n`);
  const record = { lockHash: 'old', versions: {}, sizeBytes: 1, variant: 'cpu', hasMadeVideo: true };
  await writeFile(path.join(slot, 'splitreel.json'), JSON.stringify(record));
  await writeFile(path.join(root, 'current'), JSON.stringify({ slot: OLD, previous: null }));
}

/** Each file and link, with its content. */
type Manifest = Readonly<Record<string, string>>;

async function manifestOf(folder: string): Promise<Manifest> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const contents = entries
    .filter((entry) => !entry.isDirectory())
    .map(async (entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const content = entry.isSymbolicLink() ? await readlink(file) : await readFile(file);
      return [path.relative(folder, file), createHash('sha256').update(content).digest('hex')] as const;
    });
  return Object.fromEntries(await Promise.all(contents));
}

/**
 * The slot in use is the old one, unchanged byte for byte, and no leftovers are next to it. Each file tests only once that
 * such a slot makes a video, because that takes a cold start of torch.
 */
export async function expectOldSlotAlone(rig: Rig, service: EnvironmentService): Promise<void> {
  const root = rig.options().root();
  expect(await readdir(path.join(root, 'slots'))).toEqual([OLD]);
  expect(JSON.parse(await readFile(path.join(root, 'current'), 'utf8'))).toEqual({ slot: OLD, previous: null });
  expect(service.get()).toMatchObject({ status: 'ready', slot: OLD });
  expect(await service.current()).not.toBeNull();
  expect(await manifestOf(path.join(root, 'slots', OLD))).toEqual(rig.oldSlot);
  await expectNoLeftovers(rig);
}

export async function expectNoLeftovers(rig: Rig): Promise<void> {
  const root = rig.options().root();
  expect((await readdir(root)).sort()).toEqual(expect.arrayContaining(['current', 'slots']));
  const known = ['current', 'estimate', 'slots', 'tool'];
  expect((await readdir(root)).filter((name) => !known.includes(name))).toEqual([]);
  const tools = await readdir(path.join(root, 'tool')).catch(() => []);
  expect(tools.filter((name) => name !== `uv-${UV_VERSION}`)).toEqual([]);
  expect(await temporaryInCache(rig)).toEqual([]);
}

/** The files that uv left unfinished. */
export async function temporaryInCache(rig: Rig): Promise<readonly string[]> {
  const names = await readdir(rig.options().downloadsFolder(), { recursive: true }).catch(() => []);
  return names.filter((name) => path.basename(name).startsWith('.tmp'));
}

/** Runs a real job of the demo model with the worker of the slot in use; its MP4 must be readable by ffprobe. */
export async function expectVideo(rig: Rig, service: EnvironmentService): Promise<void> {
  const current = await service.current();
  if (current === null) throw new Error('there is no slot in use');
  const output = await mkdtemp(rig.at('videos-'));
  const job = ['--prompt', 'a red ball', '--num_frames', '9', '--num_inference_steps', '1', '--device', 'cpu'];
  const jobArgs = ['--model', path.join(ROOT, 'resources/demo'), '--output_dir', output, ...job];
  const outcome = await nodeProcesses.run(current.python, {
    args: [...current.entry, 'generate', ...jobArgs],
    env: current.env,
  });
  expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
  const [video = ''] = await readdir(output);
  const ask = ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames', '-of', 'json'];
  const { stdout } = await run('ffprobe', [...ask, path.join(output, video)]);
  expect(JSON.parse(stdout)).toMatchObject({ streams: [{ codec_name: 'h264', nb_read_frames: '9' }] });
}
