/**
 * Installs by the real uv from a local package index that breaks in many ways. Whatever happens, the slot in use stays
 * unchanged and makes a video.
 */
import { rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EnvironmentService } from '../../src/main/install/environment';
import { describeError, SplitreelError } from '../../src/shared/errors';
import { expectOldSlotAlone, expectVideo, makeWheels, openRig, type Rig } from './install-rig';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

async function expectFailure(service: EnvironmentService, code: string, text = ''): Promise<void> {
  const problem: unknown = await service.install().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(problem instanceof SplitreelError)) throw new Error(`no error of ours: ${String(problem)}`);
  expect(problem.error.code).toBe(code);
  expect(`${describeError(problem.error).message}\n${problem.error.details ?? ''}`).toContain(text);
  await expectOldSlotAlone(rig, service);
}

test('a lock with a package that the index does not have', async () => {
  await rig.writeLock([rig.wheels.real, { name: 'no-such-thing', sha256: '0'.repeat(64) }]);
  await expectFailure(rig.open(), 'ENVIRONMENT_INSTALL_FAILED', 'no-such-thing');
});

test('a lock whose packages conflict', async () => {
  const { tiny } = rig.wheels;
  await writeFile(
    rig.at('python/requirements.lock'),
    `tiny-thing==1.0 --hash=sha256:${tiny.sha256}\ntiny-thing==2.0 --hash=sha256:${tiny.sha256}\n`,
  );
  await expectFailure(rig.open(), 'ENVIRONMENT_INSTALL_FAILED', 'tiny-thing');
});

test.each([
  [
    'a changed hash in the lock',
    () => rig.writeLock([rig.wheels.real, { name: 'tiny-thing', sha256: '0'.repeat(64) }]),
  ],
  [
    'a wheel that was swapped on the index',
    async () => {
      const swapped = await makeWheels(rig.folder, [{ name: 'tiny-thing', files: { 'tiny_thing.py': 'x = 2\n' } }]);
      rig.index.offer(swapped);
    },
  ],
])('%s is refused by name', async (_name, change) => {
  const service = rig.open();
  await change();
  const problem = expect.stringMatching(/tiny.thing.*ash|ash.*tiny.thing/s) as unknown;
  const error = { code: 'ENVIRONMENT_INSTALL_FAILED', details: problem };
  await expect(service.install()).rejects.toMatchObject({ error });
  await expectOldSlotAlone(rig, service);
});

test('a new slot whose packages do not import', async () => {
  await rig.writeLock([rig.wheels.tiny]);
  await expectFailure(rig.open(), 'ENVIRONMENT_BROKEN');
});

test('a new slot whose test video fails', async () => {
  const service = rig.open();
  // Everything imports, but no video can be written.
  const [broken] = await makeWheels(rig.folder, [{ name: 'broken-av', files: { 'av/__init__.py': '' } }]);
  if (broken === undefined) throw new Error('no wheel');
  rig.index.offer([broken]);
  await rig.writeLock([rig.wheels.real, broken]);
  await expectFailure(service, 'ENVIRONMENT_BROKEN', "named 'av.error'");
  expect(rig.index.asked.some(({ url }) => url?.includes(broken.file) === true)).toBe(true);
  await expectVideo(rig, service);
});

test('an index that cannot be reached', async () => {
  await expectFailure(rig.open({ UV_DEFAULT_INDEX: 'http://127.0.0.1:9/simple' }), 'NETWORK_UNREACHABLE');
});

test('a connection that breaks in the middle of a wheel', async () => {
  const { tiny } = rig.wheels;
  rig.index.answer = (request, response) => {
    if (request.url?.endsWith(tiny.file) !== true) {
      rig.index.serve(request, response);
      return;
    }
    response.writeHead(200, { 'content-length': String(tiny.bytes.length) });
    response.write(tiny.bytes.subarray(0, 1_000), () => response.destroy());
  };
  await expectFailure(rig.open(), 'NETWORK_UNREACHABLE');
});

test("a private index is reached with the user's netrc and proxy", async () => {
  await rig.writeLock([rig.wheels.tiny]);
  const wanted = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  rig.index.answer = (request, response) => {
    if (request.headers.authorization === wanted) rig.index.serve(request, response);
    else response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
  };
  await expectFailure(rig.open(), 'ENVIRONMENT_INSTALL_FAILED');
  await writeFile(rig.at('.netrc'), 'machine localhost login me password secret\n', { mode: 0o600 });
  // It fails only at the imports, so the packages were downloaded.
  await expectFailure(rig.open(), 'ENVIRONMENT_BROKEN');
  await rm(rig.at('downloads'), { recursive: true, force: true });
  rig.index.answer = null;
  rig.index.asked.length = 0;
  const proxied = { HTTP_PROXY: rig.index.address(), UV_DEFAULT_INDEX: 'http://packages.example/simple', NO_PROXY: '' };
  await expectFailure(rig.open(proxied), 'ENVIRONMENT_BROKEN');
  expect(rig.index.asked.some(({ url }) => url?.startsWith('http://packages.example/') === true)).toBe(true);
});
