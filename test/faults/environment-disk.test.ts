/**
 * A disk that fills up during an install: a real one of a few megabytes in memory, which another program fills once the
 * install has begun. The error says how much space is needed where, no partial file stays, and the slot in use makes a
 * video while the disk is still full.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from '../../src/main/adapters/node/files';
import type { EnvironmentService } from '../../src/main/install/environment';
import { describeError, SplitreelError } from '../../src/shared/errors';
import { expectOldSlotAlone, expectVideo, openRig, type Rig } from './install-rig';

const MEGABYTE = 1_000_000;
let disk = '';
let rig: Rig | null = null;

/** The error of `mount` if it isn't permitted here, or null. */
function whyNot(): string | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'splitreel-mount-'));
  try {
    mount(folder);
    execFileSync('umount', [folder]);
    return null;
  } catch (error) {
    return `a small disk in memory cannot be mounted here: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const mount = (folder: string): void => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', folder], { stdio: 'pipe' });
};
const OBSTACLE = whyNot();

beforeEach((context) => {
  if (OBSTACLE !== null) context.skip(OBSTACLE);
  disk = mkdtempSync(path.join(tmpdir(), 'splitreel disk '));
  mount(disk);
});
afterEach(async () => {
  await rig?.close();
  rig = null;
  if (disk === '') return;
  execFileSync('umount', ['--lazy', disk]);
  rmSync(disk, { recursive: true, force: true });
  disk = '';
});

/** Another program writes until this much is left. */
function fillUpTo(leftBytes: number): void {
  const file = openSync(path.join(disk, 'of-another-program'), 'a');
  const { bavail, bsize } = statfsSync(disk);
  const pages = Math.max(0, bavail - Math.floor(leftBytes / bsize));
  for (let page = 0; page < pages; page += 1) writeSync(file, Buffer.alloc(bsize, 1));
  fsyncSync(file);
  closeSync(file);
}

async function openOnDisk(kind: 'environment' | 'downloads'): Promise<Rig> {
  const folder = path.join(disk, kind);
  mkdirSync(folder);
  rig = await openRig(kind === 'environment' ? { root: folder } : { downloads: folder });
  return rig;
}

/** Fills the disk once a wheel is requested. */
function fillOnRequest(one: Rig, leftBytes: number): void {
  one.index.answer = (request, response) => {
    if (request.url?.endsWith('.whl') === true) fillUpTo(leftBytes);
    one.index.serve(request, response);
  };
}

/** `DISK_FULL` if it is known how much space is missing, otherwise `DISK_RAN_FULL`. */
async function expectFull(
  service: EnvironmentService,
  code: 'DISK_FULL' | 'DISK_RAN_FULL',
  folder: string,
  message: RegExp,
): Promise<void> {
  const error: unknown = await service.install().then(
    () => null,
    (problem: unknown) => problem,
  );
  if (!(error instanceof SplitreelError)) throw new Error(`no error of ours: ${String(error)}`);
  expect(error.error).toMatchObject({ code, params: { folder } });
  expect(describeError(error.error).message).toMatch(message);
}

test('full while uv downloads', async () => {
  const one = await openOnDisk('downloads');
  const service = one.open();
  fillOnRequest(one, 0.3 * MEGABYTE);
  // The wheel is 1.2 MB.
  await expectFull(
    service,
    'DISK_FULL',
    path.join(disk, 'downloads'),
    /downloads needs 1\.2\sMB of free space, but only \d+\skB is free\.$/,
  );
  await expectOldSlotAlone(one, service);
  await expectVideo(one, service);
});

test('full while packages are installed into the slot', async () => {
  const one = await openOnDisk('environment');
  const service = one.open();
  await service.current();
  fillOnRequest(one, 0.3 * MEGABYTE);
  await expectFull(
    service,
    'DISK_FULL',
    path.join(disk, 'environment'),
    /environment needs 1\.2\sMB of free space, but only [\d.]+\s[kM]B is free\.$/,
  );
  await expectOldSlotAlone(one, service);
});

test('full while the new slot makes its test video', async () => {
  const one = await openOnDisk('environment');
  const onChange = (state: ReturnType<EnvironmentService['get']>): void => {
    if (state.status === 'installing' && state.progress.step === 'checking' && state.progress.completed === 0)
      fillUpTo(0);
  };
  const service = one.open({}, {}, { onChange });
  await service.current();
  await expectFull(
    service,
    'DISK_RAN_FULL',
    path.join(disk, 'environment'),
    /^The disk that holds .*environment is full\.$/,
  );
  await expectOldSlotAlone(one, service);
});

test.each([
  ['before the record', 'splitreel.json'],
  ['before `current` names the new slot', '/current'],
])('full at the switch, %s', async (_name, fullAt) => {
  const one = await openOnDisk('environment');
  const writeAtomically = async (target: string, content: string | Uint8Array): Promise<void> => {
    if (target.endsWith(fullAt)) fillUpTo(0);
    await nodeFiles.writeAtomically(target, content);
  };
  const service = one.open({}, { files: { ...nodeFiles, writeAtomically } });
  await service.current();
  await expectFull(
    service,
    'DISK_RAN_FULL',
    path.join(disk, 'environment'),
    /^The disk that holds .*environment is full\.$/,
  );
  await expectOldSlotAlone(one, service);
  rmSync(path.join(disk, 'of-another-program'));
  fillUpTo(0);
  await expectOldSlotAlone(one, service);
});
