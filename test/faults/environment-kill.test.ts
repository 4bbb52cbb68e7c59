/**
 * The installer is killed at each stage, alone and with its child processes. At the next start the slot in use makes a
 * video, nothing of the killed install runs or remains, and complete downloads aren't fetched again.
 */
import { readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EnvironmentService } from '../../src/main/install/environment';
import {
  expectNoLeftovers,
  expectOldSlotAlone,
  expectVideo,
  makeWheels,
  OLD,
  openRig,
  type Rig,
  type RigOptions,
} from './install-rig';
import { programsOf, reaches, startInstaller } from './installer-process';

let rig: Rig;
const prepare = async (options: RigOptions = {}): Promise<void> => {
  rig = await openRig(options);
};
beforeEach(() => prepare());
afterEach(() => rig.close());

/** What the app does when it starts. */
async function startAgain(): Promise<EnvironmentService> {
  const service = rig.open();
  await service.check();
  expect(await programsOf(rig)).toEqual([]);
  return service;
}

async function expectOldSlotUnharmed(): Promise<EnvironmentService> {
  const service = await startAgain();
  await expectOldSlotAlone(rig, service);
  return service;
}

/** Stops sending the wheel in the middle. The returned function tells whether it got there. */
function stallDownload(file: string): () => boolean {
  let isStuck = false;
  rig.index.answer = (request, response) => {
    if (request.url?.endsWith(file) !== true) {
      rig.index.serve(request, response);
      return;
    }
    const { bytes } = rig.wheels.tiny;
    response.writeHead(200, { 'content-length': String(bytes.length) });
    response.write(bytes.subarray(0, bytes.length / 2), () => {
      isStuck = true;
    });
  };
  return () => isStuck;
}

const fetched = (file: string): number => rig.index.asked.filter(({ url }) => url?.endsWith(file) === true).length;

describe('killed while uv downloads', () => {
  test('alone: uv keeps waiting for the index; the next start ends it', async () => {
    const isStuck = stallDownload(rig.wheels.tiny.file);
    const installer = await startInstaller(rig);
    // By then the other wheel is complete in the cache, where its name shows it, and uv has printed everything: writing
    // to a pipe without a reader would end it.
    const printed = `Downloading ${rig.wheels.tiny.name}`;
    await reaches(
      async () => isStuck() && installer.hasPrinted(printed) && (await wheelsInCache()).includes('real-packages'),
    );
    await installer.kill('alone');
    expect((await programsOf(rig)).filter((line) => line.includes('pip sync'))).toHaveLength(1);
    const service = await expectOldSlotUnharmed();
    // The install resumes without requesting complete files again.
    rig.index.answer = null;
    const before = fetched(rig.wheels.real.file);
    await service.install();
    expect(fetched(rig.wheels.real.file)).toBe(before);
    expect(service.get()).toMatchObject({ status: 'ready', previousSlot: OLD });
  });

  test('with its child processes: what uv had unpacked is removed', async () => {
    const isStuck = stallDownload(rig.wheels.tiny.file);
    const installer = await startInstaller(rig);
    await reaches(isStuck);
    await installer.kill('all');
    await expectOldSlotUnharmed();
  });
});

const wheelsInCache = async (): Promise<string> =>
  (await readdir(rig.at('downloads'), { recursive: true }).catch(() => []))
    .filter((name) => !name.includes('.tmp'))
    .join('\n');

test('killed while pip fetches uv: the partial tool is removed', async () => {
  await rig.close();
  await prepare({ hasUv: false });
  let isCancelRequested = false;
  rig.index.answer = () => {
    isCancelRequested = true;
  };
  const installer = await startInstaller(rig);
  await reaches(() => isCancelRequested);
  expect(await readdir(rig.at('environment/tool'))).not.toEqual([]);
  await installer.kill('alone');
  expect((await programsOf(rig)).filter((line) => line.includes('pip download'))).toHaveLength(1);
  await expectOldSlotUnharmed();
});

test('killed while uv installs packages into the slot', async () => {
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`many/m${String(index)}.py`, '']));
  const [wheel] = await makeWheels(rig.folder, [{ name: 'many-files', files: many }]);
  if (wheel === undefined) throw new Error('no wheel');
  rig.index.offer([wheel]);
  await rig.writeLock([wheel]);
  const installer = await startInstaller(rig);
  const library = (): readonly string[] => {
    const [slot] = readdirSync(rig.at('environment/slots')).filter((name) => name !== OLD);
    try {
      const [version = ''] = readdirSync(rig.at('environment/slots', slot ?? '', 'lib'));
      return readdirSync(rig.at('environment/slots', slot ?? '', 'lib', version, 'site-packages', 'many'));
    } catch {
      return [];
    }
  };
  // Stopped at once: looking for its processes takes longer than the rest of the files.
  await reaches(() => {
    const hasBegun = library().length > 0;
    if (hasBegun) installer.freeze();
    return hasBegun;
  });
  await installer.kill('all');
  expect(library().length).toBeLessThan(20_000);
  await expectOldSlotUnharmed();
});

test('killed while the new slot makes its test video: its ranks are ended', async () => {
  const installer = await startInstaller(rig);
  await reaches(async () => (await programsOf(rig)).some((line) => /\/python smoke\b/.test(line)));
  await reaches(async () => (await programsOf(rig)).length > 1);
  await installer.kill('alone');
  await expectOldSlotUnharmed();
});

test.each([
  ['the record of the new slot is written', 'splitreel.json'],
  ['`current` names the new slot', 'environment/current'],
])('killed just before %s', async (_name, name) => {
  const installer = await startInstaller(rig, { halt: { name, when: 'before' } });
  await reaches(() => installer.hasPrinted('halted'));
  await installer.kill('alone');
  await expectOldSlotUnharmed();
});

test('killed just after the rename: the new slot is in use, makes a video, and can be rolled back', async () => {
  const installer = await startInstaller(rig, { halt: { name: 'environment/current', when: 'after' } });
  await reaches(() => installer.hasPrinted('halted'));
  await installer.kill('alone');
  const service = await startAgain();
  const pointer = JSON.parse(await readFile(rig.at('environment/current'), 'utf8')) as { slot: string };
  expect(pointer).toEqual({ slot: expect.not.stringMatching(OLD) as unknown, previous: OLD });
  expect(service.get()).toMatchObject({ status: 'ready', slot: pointer.slot, previousSlot: OLD, isOutdated: false });
  expect((await readdir(rig.at('environment/slots'))).sort()).toEqual([pointer.slot, OLD].sort());
  await expectNoLeftovers(rig);
  await expectVideo(rig, service);
  await service.rollBack();
  expect(service.get()).toMatchObject({ status: 'ready', slot: OLD });
});
