/** Which Python the installed app uses: uv's own build, or the system's if that can't be downloaded. */
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmod, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { uvProgram } from '../../scripts/python-for-tests';
import type { EnvironmentService } from '../../src/main/install/environment';
import { describeError, SplitreelError, type AppError } from '../../src/shared/errors';
import { expectOldSlotAlone, openRig, type Rig } from './install-rig';

let rig: Rig;
let mirror: Server;
beforeEach(async () => {
  rig = await openRig();
  mirror = createServer((_request, response) => response.end(Buffer.alloc(100_000, 'not an archive')));
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  mirror.close();
  await rig.close();
});

/** An installed app on a computer without any Python. */
async function withoutPython(address: string): Promise<EnvironmentService> {
  const env = { PATH: rig.at('empty'), UV_PYTHON_INSTALL_MIRROR: address, UV_HTTP_RETRIES: '0' };
  const service = rig.open(env, {}, { uvProgram: await uvProgram() });
  await service.check();
  return service;
}

const failureOf = async (install: Promise<void>): Promise<AppError> =>
  install.then(
    () => Promise.reject(new Error('it was installed')),
    (error: unknown) => {
      if (error instanceof SplitreelError) return error.error;
      throw error;
    },
  );

test.each([
  ['arrives broken', () => `http://127.0.0.1:${String((mirror.address() as AddressInfo).port)}`],
  ['cannot be reached', () => 'http://127.0.0.1:9'],
])('a Python that %s, with none in the system, is one sentence and leaves nothing behind', async (_name, address) => {
  const service = await withoutPython(address());
  const error = await failureOf(service.install());
  expect(describeError(error).message).toMatch(
    /^Python couldn't be downloaded, and this computer has no Python 3\.\d+\.$/,
  );
  await expectOldSlotAlone(rig, service);
  const left = await readdir(rig.at('pythons'), { recursive: true }).catch(() => []);
  expect(left.filter((name) => !['.lock', '.gitignore', '.temp'].includes(name))).toEqual([]);
});

test('a disk without file locks is named', async () => {
  // What uv 0.13.9 prints on such a disk, as recorded with flock made to fail.
  const uv = rig.at('uv');
  const folder = rig.at('downloads');
  await writeFile(
    uv,
    `#!/bin/sh
echo 'error: Could not acquire lock' >&2
echo '  cause: failed to lock \`${folder}/.lock\`: No locks available (os error 37)' >&2
exit 2
`,
  );
  await chmod(uv, 0o755);
  const service = rig.open({}, {}, { uvProgram: uv });
  await service.check();
  const error = await failureOf(service.install());
  expect(error.code).toBe('NO_FILE_LOCKS');
  await expectOldSlotAlone(rig, service);
});
