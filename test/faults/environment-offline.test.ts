/** Installs by the real uv from a bundle alone, as a folder and as a zip; the index must get no request. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { uvProgram } from '../../scripts/python-for-tests';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { packArchive } from '../../src/main/install/bundle-archive';
import type { EnvironmentService } from '../../src/main/install/environment';
import { expectNoLeftovers, expectOldSlotAlone, expectVideo, OLD, openRig, type Rig } from './install-rig';

const run = promisify(execFile);
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
  rig.index.answer = (_, response) => response.writeHead(503).end();
});
afterEach(async () => {
  expect(rig.index.asked.map(({ url }) => url)).toEqual([]);
  await rig.close();
});

/** The result of `npm run bundle`, without downloading. */
async function makeBundle(service: EnvironmentService, name: string): Promise<string> {
  const folder = rig.at(name);
  await mkdir(path.join(folder, 'wheels'), { recursive: true });
  for (const { file } of [rig.wheels.real, rig.wheels.tiny])
    await copyFile(rig.at(file), path.join(folder, 'wheels', file));
  const { machineKind, variant, lockHash } = await service.bundleSource('cpu');
  const manifest = { kind: 'splitreel-bundle', machineKind, variant, lockHash };
  await writeFile(path.join(folder, 'bundle.json'), JSON.stringify(manifest));
  return folder;
}

async function zip(service: EnvironmentService, folder: string): Promise<string> {
  const python = await service.systemPython();
  if (python === null) throw new Error('no Python');
  const tool = { processes: nodeProcesses, python, pythonFolder: rig.at('python'), env: {} };
  await packArchive(tool, nodeFiles, folder, `${folder}.zip`);
  return `${folder}.zip`;
}

test('a zip is enough, its size on disk is shown, and the previous slot stays', async () => {
  const service = rig.open();
  const folder = await makeBundle(service, 'a bundle ü');
  const bundle = await zip(service, folder);
  const needs = async (source: string): Promise<number> =>
    (await service.estimate({ bundle: source })).needs[0]?.bytes ?? 0;
  const inside = await nodeFiles.folderBytes(folder);
  expect((await needs(bundle)) - (await needs(folder))).toBe(inside);
  expect(await service.estimate({ bundle })).toMatchObject({ downloadBytes: 0, downloadCount: 0, fits: true });
  await service.install({ bundle });
  const state = service.get();
  expect(state).toMatchObject({
    status: 'ready',
    previousSlot: OLD,
    versions: { torch: expect.any(String) as unknown },
  });
  expect(await readdir(path.join(rig.options().root(), 'slots'))).toHaveLength(2);
  await expectNoLeftovers(rig);
  await expectVideo(rig, service);
});

test('a bundle that contains Python installs on a computer without one', async () => {
  const service = rig.open();
  const folder = await makeBundle(service, 'with python');
  const python = await service.systemPython();
  if (python === null) throw new Error('no Python');
  const { stdout: version } = await run(python, ['-c', 'import platform; print(platform.python_version())']);
  // Named like uv's own Python; the program is the system's.
  const bin = path.join(folder, 'python', `cpython-${version.trim()}-linux-x86_64-gnu`, 'bin');
  await mkdir(bin, { recursive: true });
  for (const name of ['python3', `python${version.split('.').slice(0, 2).join('.')}`])
    await symlink(python, path.join(bin, name));
  const bare = rig.open({ PATH: rig.at('empty') }, {}, { uvProgram: await uvProgram() });
  await bare.install({ bundle: folder });
  expect(bare.get()).toMatchObject({ status: 'ready', previousSlot: OLD });
  expect(await readdir(rig.at('pythons'))).toContain(path.basename(path.dirname(bin)));
});

test('an altered wheel is rejected by its hash, also from a zip', async () => {
  const service = rig.open();
  const folder = await makeBundle(service, 'spoilt');
  await copyFile(rig.at(rig.wheels.real.file), path.join(folder, 'wheels', rig.wheels.tiny.file));
  const error = { code: 'ENVIRONMENT_INSTALL_FAILED', details: expect.stringContaining('tiny') as unknown };
  await expect(service.install({ bundle: await zip(service, folder) })).rejects.toMatchObject({ error });
  await expectOldSlotAlone(rig, service);
});

test.each([
  [
    'half of a zip',
    'BUNDLE_INCOMPLETE',
    async (service: EnvironmentService) => {
      const archive = await zip(service, await makeBundle(service, 'bundle'));
      await truncate(archive, 1_000);
      return archive;
    },
  ],
  ['a zip that does not exist', 'BUNDLE_INCOMPLETE', () => rig.at('nowhere.zip')],
  ['a folder that is not a bundle', 'BUNDLE_INCOMPLETE', () => rig.folder],
  [
    'a bundle of another version',
    'BUNDLE_OF_OTHER_VERSION',
    async (service: EnvironmentService) => {
      const folder = await makeBundle(service, 'bundle');
      await rig.writeLock([rig.wheels.real]);
      return folder;
    },
  ],
] as const)('%s is refused by name before anything is touched', async (_name, code, make) => {
  const service = rig.open();
  const bundle = await make(service);
  await expect(service.install({ bundle })).rejects.toMatchObject({ error: { code, params: { bundle } } });
  await expectOldSlotAlone(rig, service);
});

test('after a kill while a zip is unpacked, the next start removes all leftovers', async () => {
  const slots = path.join(rig.options().root(), 'slots');
  await mkdir(path.join(slots, 'half-made-wheels', 'wheels'), { recursive: true });
  const service = rig.open();
  await service.check();
  await expectOldSlotAlone(rig, service);
});
