/**
 * Installs by the real uv from a package index of the test's own, broken in every way that it can be: whatever
 * happens, the slot in use stays what it was.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { uvProgram } from '../../scripts/python-for-tests';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { nodeRandom } from '../../src/main/adapters/node/random';
import { createEnvironment, type EnvironmentService } from '../../src/main/environment/environment';
import { SILENT_LOG } from '../../src/main/ports/log';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../..');
const OLD = 'old-slot';

let folder = '';
let server: Server;
/** Answers each request of the index; a test puts its own here. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: IncomingMessage[] = [];
let wheel: { readonly name: string; readonly bytes: Buffer; readonly sha256: string };

const inFolder = (...parts: string[]): string => path.join(folder, ...parts);
const address = (): string => `http://localhost:${String((server.address() as AddressInfo).port)}`;

/** A wheel with one module in it, whose bytes are those of its value. */
async function makeWheel(value: number): Promise<typeof wheel> {
  const name = 'tiny_thing-1.0-py3-none-any.whl';
  const code = `
import sys, zipfile
info = "tiny_thing-1.0.dist-info/"
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("tiny_thing.py", f"x = {sys.argv[2]}\\n" * 100000)
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny-thing\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;
  await run('python3', ['-c', code, inFolder(name), String(value)]);
  const bytes = await readFile(inFolder(name));
  return { name, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function serve(_request: IncomingMessage, response: ServerResponse): void {
  const url = _request.url ?? '';
  if (url.endsWith('.whl')) response.end(wheel.bytes);
  else if (url.includes('/simple/tiny-thing'))
    response.setHeader('content-type', 'text/html').end(`<a href="/files/${wheel.name}">${wheel.name}</a>`);
  else response.writeHead(404).end();
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel env ü '));
  asked = [];
  answer = serve;
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  wheel = await makeWheel(1);
  const uv = inFolder('environment/tool/uv-1/uv-1.data/scripts');
  await mkdir(uv, { recursive: true });
  await cp(await uvProgram(), path.join(uv, 'uv'));
  await chmod(path.join(uv, 'uv'), 0o755);
  await mkdir(inFolder('python'));
  await mkdir(inFolder('resources'));
  await writeFile(inFolder('python/requirements.wheels.json'), '{}');
  const settings = {
    minimumDriver: '1',
    pythonVersion: execFileSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    }).trim(),
    uv: { version: '1', wheelSha256: {} },
    gpuOnlyPackages: [],
    overheadBytes: 1,
  };
  await writeFile(inFolder('resources/environment.json'), JSON.stringify(settings));
  await writeLock(wheel.sha256);
  // The slot in use: what counts here is that nothing touches it.
  await mkdir(inFolder('environment/slots', OLD, 'bin'), { recursive: true });
  await mkdir(inFolder('environment/slots', OLD, 'lib/python3/site-packages'), { recursive: true });
  await writeFile(inFolder('environment/slots', OLD, 'bin/python'), 'old');
  const record = { lockHash: 'old', versions: {}, sizeBytes: 1, hasMadeVideo: true };
  await writeFile(inFolder('environment/slots', OLD, 'splitreel.json'), JSON.stringify(record));
  await writeFile(inFolder('environment/current'), JSON.stringify({ slot: OLD, previous: null }));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const writeLock = (sha256: string): Promise<void> =>
  writeFile(inFolder('python/requirements.lock'), `tiny-thing==1.0 --hash=sha256:${sha256}\n`);

const open = (env: Record<string, string> = {}): EnvironmentService =>
  createEnvironment(
    { files: nodeFiles, processes: nodeProcesses, random: nodeRandom, log: SILENT_LOG },
    {
      root: () => inFolder('environment'),
      downloadsFolder: () => inFolder('downloads'),
      pythonsFolder: inFolder('pythons'),
      choice: () => 'cuda',
      pid: process.pid,
      pythonFolder: inFolder('python'),
      resourcesFolder: inFolder('resources'),
      platform: process.platform,
      arch: process.arch,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        UV_DEFAULT_INDEX: `${address()}/simple`,
        UV_HTTP_RETRIES: '0',
        ...env,
      },
      onChange: () => undefined,
    },
  );

async function expectOldSlotAlone(service: EnvironmentService): Promise<void> {
  expect(await readdir(inFolder('environment/slots'))).toEqual([OLD]);
  expect(JSON.parse(await readFile(inFolder('environment/current'), 'utf8'))).toEqual({ slot: OLD, previous: null });
  expect((await service.current())?.python).toBe(inFolder('environment/slots', OLD, 'bin/python'));
  expect(service.get()).toMatchObject({ status: 'ready', slot: OLD });
}

const expectFailure = async (service: EnvironmentService, code: string, details = ''): Promise<void> => {
  const error = { code, details: expect.stringContaining(details) as unknown };
  await expect(service.install()).rejects.toMatchObject({ error });
  await expectOldSlotAlone(service);
};

test('what installs but does not import is not taken: its imports fail', async () => {
  await expectFailure(open(), 'ENVIRONMENT_BROKEN', "No module named 'torch'");
  expect(asked.some(({ url }) => url?.endsWith('.whl') === true)).toBe(true);
});

test('a changed hash is refused', async () => {
  await writeLock('0'.repeat(64));
  await expectFailure(open(), 'ENVIRONMENT_INSTALL_FAILED', 'ash');
});

test('a wheel that was swapped on the index is refused', async () => {
  const { bytes } = await makeWheel(2);
  answer = (request, response) => {
    if (request.url?.endsWith('.whl') === true) response.end(bytes);
    else serve(request, response);
  };
  await expectFailure(open(), 'ENVIRONMENT_INSTALL_FAILED', 'ash mismatch');
});

test('a package that the index does not have, and an index that is not there', async () => {
  answer = (_request, response) => response.writeHead(404).end();
  await expectFailure(open(), 'ENVIRONMENT_INSTALL_FAILED', 'tiny-thing');
  await expectFailure(open({ UV_DEFAULT_INDEX: 'http://127.0.0.1:9/simple' }), 'NETWORK_UNREACHABLE');
});

test('a line that is cut in the middle of a wheel', async () => {
  answer = (request, response) => {
    if (request.url?.endsWith('.whl') !== true) {
      serve(request, response);
      return;
    }
    response.writeHead(200, { 'content-length': String(wheel.bytes.length) });
    response.write(wheel.bytes.subarray(0, 1_000), () => response.destroy());
  };
  const service = open();
  await expect(service.install()).rejects.toThrow();
  await expectOldSlotAlone(service);
});

test("a private index is entered by the person's netrc, and through their proxy", async () => {
  const wanted = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  answer = (request, response) => {
    if (request.headers.authorization === wanted) serve(request, response);
    else response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
  };
  await expectFailure(open(), 'ENVIRONMENT_INSTALL_FAILED');
  await writeFile(inFolder('.netrc'), 'machine localhost login me password secret\n', { mode: 0o600 });
  // It gets as far as the imports: the packages came.
  await expectFailure(open(), 'ENVIRONMENT_BROKEN');
  await rm(inFolder('downloads'), { recursive: true, force: true });
  answer = serve;
  asked = [];
  const proxied = { HTTP_PROXY: address(), UV_DEFAULT_INDEX: 'http://packages.example/simple', NO_PROXY: '' };
  await expectFailure(open(proxied), 'ENVIRONMENT_BROKEN');
  expect(asked.some(({ url }) => url?.startsWith('http://packages.example/') === true)).toBe(true);
});

const INSTALLER = `
import { nodeFiles } from '${ROOT}/src/main/adapters/node/files';
import { nodeProcesses } from '${ROOT}/src/main/adapters/node/processes';
import { nodeRandom } from '${ROOT}/src/main/adapters/node/random';
import { createEnvironment } from '${ROOT}/src/main/environment/environment';
import { SILENT_LOG } from '${ROOT}/src/main/ports/log';
const options = JSON.parse(process.argv[2]);
await createEnvironment(
  { files: nodeFiles, processes: nodeProcesses, random: nodeRandom, log: SILENT_LOG },
  { ...options, root: () => options.root, downloadsFolder: () => options.downloadsFolder, choice: () => 'cuda',
    pid: process.pid, onChange: () => undefined },
).install();
`;

test('a maker that is killed -9 while uv downloads: the next start ends uv and sweeps up', async () => {
  let isStuck = false;
  answer = (request, response) => {
    if (request.url?.endsWith('.whl') !== true) {
      serve(request, response);
      return;
    }
    isStuck = true;
    response.writeHead(200, { 'content-length': String(wheel.bytes.length) }).write(wheel.bytes.subarray(0, 1_000));
  };
  const script = inFolder('installer.mts');
  await writeFile(script, INSTALLER);
  const options = {
    root: inFolder('environment'),
    downloadsFolder: inFolder('downloads'),
    pythonsFolder: inFolder('pythons'),
    pythonFolder: inFolder('python'),
    resourcesFolder: inFolder('resources'),
    platform: process.platform,
    arch: process.arch,
    env: { PATH: process.env['PATH'], HOME: folder, UV_DEFAULT_INDEX: `${address()}/simple` },
  };
  const tsx = path.join(ROOT, 'node_modules/tsx/dist/cli.mjs');
  const child = spawn(process.execPath, [tsx, script, JSON.stringify(options)], {
    cwd: ROOT,
    detached: true,
    stdio: 'inherit',
  });
  const note = inFolder('environment/installing.json');
  await expect.poll(async () => isStuck && (await nodeFiles.stat(note)) !== null, { timeout: 60_000 }).toBe(true);
  const { slot, pid } = JSON.parse(await readFile(note, 'utf8')) as { slot: string; pid: number };
  process.kill(pid, 'SIGKILL');
  const left = async () =>
    (await nodeProcesses.tree(1)).filter(({ commandLine }) => commandLine.includes(`slots/${slot}`));
  await expect.poll(async () => nodeProcesses.find(pid), { timeout: 10_000 }).toBeNull();
  // uv lives on, or ends by itself when its output has no reader: neither may be there after the next start.
  const service = open();
  await service.check();
  await expect.poll(left, { timeout: 10_000 }).toEqual([]);
  await expectOldSlotAlone(service);
  child.kill('SIGKILL');
});
