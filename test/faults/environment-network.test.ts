/**
 * Indexes with restricted access: behind a company's own certificate, a proxy or a password. The settings of the user
 * and the system apply, and no password is shown.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UV_VERSION as UV, uvProgram } from '../../scripts/python-for-tests';
import type { EnvironmentService } from '../../src/main/install/environment';
import type { Environ } from '../../src/main/engine/worker-environment';
import { describeError, SplitreelError } from '../../src/shared/errors';
import { openIndex, openRig, type Index, type Rig } from './install-rig';
import { startInstaller } from './installer-process';

let rig: Rig;
let index: Index | null = null;
let proxy: Server | null = null;
beforeEach(async () => {
  rig = await openRig({ hasUv: false, uvSha256: await uvWheel() });
  // These installs fail at the imports: all that matters here is that the packages were downloaded.
  await rig.writeLock([rig.wheels.tiny]);
});
afterEach(async () => {
  proxy?.closeAllConnections();
  proxy?.close();
  index?.close();
  [proxy, index] = [null, null];
  await rig.close();
});

/** uv as a wheel, so that pip, which fetches it, is tested as well. Returns its hash. */
let uvBytes: Buffer | null = null;
async function uvWheel(): Promise<string> {
  if (uvBytes === null) {
    const folder = mkdtempSync(path.join(tmpdir(), 'splitreel-uv-'));
    const file = path.join(folder, 'uv.whl');
    const code = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.write(sys.argv[2], "uv-${UV}.data/scripts/uv")
    info = "uv-${UV}.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: uv\\nVersion: ${UV}\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;
    execFileSync('python3', ['-c', code, file, await uvProgram()]);
    uvBytes = readFileSync(file);
    rmSync(folder, { recursive: true });
  }
  return createHash('sha256').update(uvBytes).digest('hex');
}

const offer = (one: Index): void => {
  const bytes = uvBytes ?? Buffer.alloc(0);
  one.offer([rig.wheels.tiny, { name: 'uv', file: `uv-${UV}-py3-none-any.whl`, bytes, sha256: '' }]);
};

async function failureOf(service: EnvironmentService): Promise<SplitreelError> {
  const problem: unknown = await service.install().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(problem instanceof SplitreelError)) throw new Error(`no error of ours: ${String(problem)}`);
  return problem;
}
const expectPackagesInstalled = async (service: EnvironmentService): Promise<void> => {
  const { error } = await failureOf(service);
  expect(describeError(error).message).toBe("The package torch can't be imported.");
};

/** A new authority, and an index whose certificate it signed. Returns the authority's file. */
async function openTlsIndex(): Promise<string> {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: rig.folder, stdio: 'pipe' });
  const made = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...made, '-subj', '/CN=A company', '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', ...made, '-subj', '/CN=localhost', '-keyout', 'index.key', '-out', 'index.csr');
  writeFileSync(rig.at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'index.csr', ...signed, '-out', 'index.pem');
  const options = { key: readFileSync(rig.at('index.key')), cert: readFileSync(rig.at('index.pem')) };
  index = await openIndex({ scheme: 'https', create: (listener) => createTlsServer(options, listener) });
  offer(index);
  return rig.at('ca.pem');
}
const indexAt = (address: string): Record<string, string> => ({
  UV_DEFAULT_INDEX: `${address}/simple`,
  PIP_INDEX_URL: `${address}/simple`,
});

describe("a company's certificate", () => {
  test('is rejected by pip and uv unless it is trusted', async () => {
    await openTlsIndex();
    const env = indexAt(index?.address() ?? '');
    const expectRefused = async (): Promise<void> => {
      const { error } = await failureOf(rig.open(env));
      expect(error.code).toBe('CERTIFICATE_UNTRUSTED');
      expect(describeError(error).message).toMatch(/^This computer doesn't trust the certificate of /);
      expect(index?.asked).toEqual([]);
    };
    await expectRefused();
    // If uv is already installed, uv is the first to see the certificate.
    await rig.putUv();
    await expectRefused();
  });

  test('is trusted by pip and uv if SSL_CERT_FILE names its authority', async () => {
    const authority = await openTlsIndex();
    await expectPackagesInstalled(rig.open({ ...indexAt(index?.address() ?? ''), SSL_CERT_FILE: authority }));
    const files = index?.asked.map(({ url }) => url).filter((url) => url?.endsWith('.whl') === true);
    expect(new Set(files)).toEqual(new Set([`/files/uv-${UV}-py3-none-any.whl`, `/files/${rig.wheels.tiny.file}`]));
  });

  test('is trusted if the system trusts its authority', async (context) => {
    const bundle = '/etc/ssl/certs/ca-certificates.crt';
    const authority = await openTlsIndex();
    writeFileSync(rig.at('bundle.pem'), readFileSync(bundle, 'utf8') + readFileSync(authority, 'utf8'));
    // As update-ca-certificates would do, but only for this process and its children.
    const script = `mount --bind "$0" ${bundle} && exec "$@"`;
    const prefix = ['unshare', '--mount', 'sh', '-c', script, rig.at('bundle.pem')];
    try {
      execFileSync('unshare', ['--mount', 'sh', '-c', script, rig.at('bundle.pem'), 'true'], { stdio: 'pipe' });
    } catch (error) {
      context.skip(`no file can be mounted over the system's certificates here: ${String(error)}`);
    }
    // Without pip's config file: this computer's may name certificates.
    const env = { ...indexAt(index?.address() ?? ''), PIP_CONFIG_FILE: '/dev/null' };
    const installer = await startInstaller(rig, { env, prefix });
    await installer.ended;
    expect(installer.lines.at(-1)).toMatch(/package_not_importable.*"torch".*No module named 'torch'/);
    expect(index?.asked.some(({ url }) => url?.endsWith(rig.wheels.tiny.file) === true)).toBe(true);
  });
});

/** Forwards connections and records their targets. With a password, it requires that. */
async function openProxy(password: string | null = null): Promise<{ address: string; passed: string[] }> {
  const passed: string[] = [];
  const wanted = password === null ? undefined : `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
  const server = createPlainServer((_request, response) => response.writeHead(501).end());
  server.on('connect', (request, client, head) => {
    client.on('error', () => undefined);
    if (request.headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n');
      return;
    }
    passed.push(request.url ?? '');
    // The requested host doesn't exist: it stands for the index of the test.
    const upstream = connect(index?.port() ?? 0, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
  });
  proxy = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`, passed };
}

describe('a proxy', () => {
  test.each(['HTTPS_PROXY', 'pip.conf'])('named by %s is used by pip and uv', async (how) => {
    const authority = await openTlsIndex();
    const { address, passed } = await openProxy();
    const url = `https://localhost:${String(index?.port())}/simple`;
    const env: Record<string, string> = {
      ...indexAt(url.replace('/simple', '')),
      SSL_CERT_FILE: authority,
    };
    if (how === 'pip.conf') {
      mkdirSync(rig.at('.config/pip'), { recursive: true });
      writeFileSync(rig.at('.config/pip/pip.conf'), `[global]\nproxy = http://${address}\n`);
    } else env['HTTPS_PROXY'] = `http://${address}`;
    await expectPackagesInstalled(rig.open(env));
    // pip for uv's wheel, uv for its dry run and the packages: each request used the proxy.
    expect(passed.length).toBeGreaterThanOrEqual(2);
    expect(new Set(passed)).toEqual(new Set([new URL(url).host]));
    const direct = new Set(index?.asked.map(({ socket }) => socket.remotePort));
    expect(passed.length).toBeGreaterThanOrEqual(direct.size);
  });
});

describe('passwords', () => {
  const PASSWORD = 'c4nary!secret';
  const SHOWN = /c4nary|Y2FuYX|bWU6YzRuYXJ5/;
  const inAddress = encodeURIComponent(PASSWORD);

  /** Everything that an install logs or shows, whether it succeeds or fails. */
  async function reportedWith(env: Environ): Promise<{ text: string; error: SplitreelError }> {
    const lines: string[] = [];
    const log = { info: keep, warn: keep, error: keep };
    function keep(line: string): void {
      lines.push(line);
    }
    const service = rig.open(env, { log }, { onChange: (state) => lines.push(JSON.stringify(state)) });
    const error = await failureOf(service);
    lines.push(JSON.stringify(error.error), String(error.stack));
    return { text: lines.join('\n'), error };
  }

  test('of an index in pip.conf is used and never shown, even if it is wrong', async () => {
    offer(rig.index);
    const wanted = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`;
    let accepted = wanted;
    rig.index.answer = (request, response) => {
      if (request.headers.authorization === accepted) rig.index.serve(request, response);
      else response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
    };
    mkdirSync(rig.at('.config/pip'), { recursive: true });
    const url = rig.index.address().replace('//', `//me:${inAddress}@`);
    writeFileSync(rig.at('.config/pip/pip.conf'), `[global]\nindex-url = ${url}/simple\n`);
    const reported = await reportedWith(rig.withoutIndex);
    expect(reported.text).toContain("No module named 'torch'");
    expect(reported.text).toContain('install: ');
    expect(reported.text).not.toMatch(SHOWN);
    accepted = 'another';
    const refused = await reportedWith(rig.withoutIndex);
    expect(refused.error.error.code).toBe('ENVIRONMENT_INSTALL_FAILED');
    expect(refused.text).not.toMatch(SHOWN);
  });

  test.each([
    ['that cannot be reached, are not shown by pip', false, false],
    ['that rejects them, are not shown by pip', true, false],
    ['that rejects them, are not shown by uv', true, true],
  ])('of a proxy %s', async (_name, isThere, hasUv) => {
    await openTlsIndex();
    const { address, passed } = await openProxy('another');
    if (hasUv) await rig.putUv();
    const host = isThere ? address : '127.0.0.1:9';
    const env = { ...indexAt(index?.address() ?? ''), HTTPS_PROXY: `http://me:${inAddress}@${host}` };
    const { text, error } = await reportedWith(env);
    if (!hasUv) expect(error.error.code).toBe('NETWORK_UNREACHABLE');
    expect(text).not.toMatch(SHOWN);
    expect(passed).toEqual([]);
  });

  test.each([`http://me:${inAddress}@localhost:no-port/simple`, `me:${inAddress}@localhost/simple`])(
    'in the invalid address %s, which uv prints in full, are hidden',
    async (address) => {
      await rig.putUv();
      const { text } = await reportedWith({ UV_DEFAULT_INDEX: address });
      expect(text).toContain('****@localhost');
      expect(text).not.toMatch(SHOWN);
    },
  );
});
