/** Models from a stand-in hub by the real downloader: fetched, killed, resumed, repaired, moved. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { dataFolders } from '../../src/main/data-folder';
import type { Move } from '../../src/main/storage/move-folder';
import { until } from '../fakes/app';
import {
  DEMO,
  fetched,
  ID,
  isReady,
  keychain,
  noKeychain,
  open,
  REPO,
  setUpModels,
  startHub,
  testFolder,
  TOKEN,
  WEIGHTS,
} from './models-rig';

setUpModels();

const modelBytes = async (): Promise<number> => {
  const names = [
    'model_index.json',
    'scheduler/scheduler_config.json',
    'tokenizer/tokenizer.json',
    'tokenizer/tokenizer_config.json',
  ];
  const parts = ['transformer', 'vae', 'text_encoder'].flatMap((part) => [
    `${part}/config.json`,
    part === 'text_encoder' ? `${part}/model.safetensors` : `${part}/diffusion_pytorch_model.safetensors`,
  ]);
  const sizes = await Promise.all([...names, ...parts].map(async (name) => (await stat(path.join(DEMO, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
};
const everyFile = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((each) => each.isFile())
    .map((each) => path.join(each.parentPath, each.name));

async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  const before = await stat(file);
  bytes.writeUInt8((bytes.at(-9) ?? 0) ^ 1, bytes.length - 9);
  await writeFile(file, bytes);
  await utimes(file, before.atime, before.mtime);
}

test('a model of the catalog is fetched, verified and ready; its size is known before', async () => {
  const hub = await startHub();
  const app = await open(hub);
  expect(app.entry().state.status).toBe('absent');
  const offer = await app.service.downloads.inspect(ID);
  expect(offer.totalBytes).toBe(await modelBytes());
  expect(await hub.servedBytes()).toBe(0);
  await app.service.downloads.start(ID);
  await until(isReady(app));
  expect(app.entry().files).toMatchObject({ location: 'models', verified: { fileCount: 10, known: 10 } });
  expect(await hub.servedBytes()).toBe(offer.totalBytes);
  expect(app.download()).toBeUndefined();
});

test('the downloader killed in the middle and the app started again: it goes on by itself and fetches nothing twice', async () => {
  const hub = await startHub('--bytes-per-second', '1500000');
  const first = await open(hub);
  await first.service.downloads.start(ID);
  await until(() => (first.download()?.progress?.doneBytes ?? 0) > 4_000_000);
  process.kill(await first.hubPid(), 'SIGKILL');
  await until(() => first.download()?.state.status === 'failed');
  expect(first.download()?.state).toMatchObject({ error: { code: 'DOWNLOAD_INTERRUPTED' } });
  await first.service.close();

  const second = await open(hub);
  second.service.resume();
  await until(isReady(second), 100_000);
  const twice = (await hub.servedBytes()) - (await modelBytes());
  expect(twice).toBeLessThanOrEqual(6 * 3 * 16_384);
});

test('paused it stays paused across a restart; discarded nothing of it is left', async () => {
  const hub = await startHub('--bytes-per-second', '1500000');
  const first = await open(hub);
  await first.service.downloads.start(ID);
  await until(() => (first.download()?.progress?.doneBytes ?? 0) > 1_000_000);
  await first.service.downloads.pause(ID);
  expect(first.download()?.state.status).toBe('paused');
  await first.service.close();
  const second = await open(hub);
  second.service.resume();
  expect(second.service.downloads.get()[0]?.state.status).toBe('paused');
  await second.service.downloads.discard(ID);
  expect(await readdir(path.join(second.data, 'models')).catch(() => [])).toEqual([]);
});

test('a byte that has changed is found by "Verify again", reported with its file, kept across a restart, repaired alone', async () => {
  const hub = await startHub();
  const app = await fetched(hub);
  const folder = app.entry().path ?? '';
  await flipByte(path.join(folder, WEIGHTS));
  await app.service.models.recheck(ID);
  expect(app.entry().state.status).toBe('ready');
  await app.service.models.verify(ID);
  const broken = { status: 'broken', error: { code: 'MODEL_CORRUPT', params: { file: WEIGHTS } } };
  expect(app.entry()).toMatchObject({ state: broken, files: { repairFrom: REPO } });
  await app.service.close();
  const later = await open(hub);
  expect(later.entry()).toMatchObject({ state: broken, files: { repairFrom: REPO } });
  const before = await hub.servedBytes();
  await later.service.downloads.start(ID);
  await until(isReady(later));
  expect((await hub.servedBytes()) - before).toBe((await stat(path.join(DEMO, WEIGHTS))).size);
  expect((await readFile(path.join(folder, WEIGHTS))).equals(await readFile(path.join(DEMO, WEIGHTS)))).toBe(true);
});

test('a model in the Hugging Face cache is taken where it lies', async () => {
  const cache = path.join(testFolder(), 'hf', 'hub', 'models--splitreel--little');
  const snapshot = path.join(cache, 'snapshots', 'a'.repeat(40));
  await mkdir(path.dirname(snapshot), { recursive: true });
  await mkdir(path.join(cache, 'refs'));
  await writeFile(path.join(cache, 'refs', 'main'), 'a'.repeat(40));
  await symlink(DEMO, snapshot);
  const app = await open(null, noKeychain, { HF_HOME: path.join(testFolder(), 'hf') });
  expect(app.entry()).toMatchObject({
    state: { status: 'ready' },
    path: snapshot,
    files: { location: 'cache', verified: null },
  });
  app.service.resume();
  await until(() => app.entry().files?.verified !== null);
  expect(await readdir(path.join(app.data, 'models')).catch(() => [])).toEqual([]);
});

test('the models folder moves with its models, also to another disk, and what was verified stays so', async () => {
  const app = await fetched(await startHub());
  const other = path.join(testFolder(), 'another location');
  await app.service.move(other);
  expect(app.state().modelsFolder).toBe(other);
  expect(app.entry()).toMatchObject({
    state: { status: 'ready' },
    path: path.join(other, ID),
    files: { verified: { known: 10 } },
  });
  expect(await readdir(path.join(app.data, 'models'))).toEqual([]);
  // Memory is another disk than the one below /tmp on most machines; where it is not, the move is a rename again.
  const memory = await mkdtemp('/dev/shm/splitreel-models-');
  try {
    await app.service.move(memory);
    expect(app.entry()).toMatchObject({
      state: { status: 'ready' },
      path: path.join(memory, ID),
      files: { verified: { known: 10 } },
    });
    expect(await readdir(other)).toEqual([]);
    expect(await readdir(memory)).toEqual([ID]);
  } finally {
    await rm(memory, { recursive: true, force: true });
  }
});

test('a move that was cut off goes on at the next start; a model is in one location or the other at any time', async () => {
  const app = await fetched(await startHub());
  const from = path.join(app.data, 'models');
  const to = path.join(testFolder(), 'new');
  await mkdir(to);
  await app.settings.setModelsFolder(to, from);
  await app.service.close();
  // As a crash leaves it: one model copied half, nothing renamed.
  const part = path.join(to, '.half.part');
  await cp(path.join(from, ID, 'vae'), path.join(part, 'vae'), { recursive: true });
  const folders = { from: path.join(from, ID), to: path.join(to, ID), part, doomed: path.join(from, '.gone.removing') };
  const move: Move = { purpose: 'models', step: 'copying', ...folders };
  await writeFile(dataFolders(app.data).movesFile, JSON.stringify({ move }));
  const later = await open(null);
  expect(later.entry()).toMatchObject({ state: { status: 'ready' }, path: path.join(from, ID) });
  later.service.resume();
  await until(() => later.entry().path === path.join(to, ID));
  expect(later.entry().state.status).toBe('ready');
  expect(later.settings.get().modelsFolderBefore).toBeNull();
  expect(await readdir(to)).toEqual([ID]);
});

test('the token goes to the hub and nowhere else, and is on disk only as the keychain has it', async () => {
  const hub = await startHub('--token', TOKEN);
  const app = await open(hub, keychain);
  await app.service.downloads.start(ID);
  await until(() => app.download()?.state.status === 'failed');
  expect(app.download()?.state).toMatchObject({ error: { code: 'MODEL_GATED' } });
  await app.service.signIn(TOKEN);
  // A mirror gets it only when told to.
  await app.service.downloads.start(ID);
  await until(() => app.download()?.state.status === 'failed');
  expect(JSON.stringify(await hub.log())).not.toContain(TOKEN);
  await app.settings.updateGuarded({ sendTokenToMirror: true });
  app.service.configure();
  await app.service.downloads.start(ID);
  await until(isReady(app));
  const withToken = (await hub.log()).filter((each) => JSON.stringify(each).includes(TOKEN));
  expect(new Set(withToken.map(({ server }) => server))).toEqual(new Set(['hub']));
  const pid = await app.hubPid();
  for (const name of ['environ', 'cmdline'])
    expect(await readFile(`/proc/${String(pid)}/${name}`, 'latin1')).not.toContain(TOKEN);
  for (const file of await everyFile(app.data)) expect(await readFile(file, 'latin1'), file).not.toContain(TOKEN);
  expect(app.state()).toMatchObject({ isSignedIn: true, isTokenKept: true });
  const later = await open(hub, keychain);
  expect(later.state().isSignedIn).toBe(true);
  const without = await open(hub, noKeychain);
  expect(without.state().isSignedIn).toBe(false);
  await later.service.signOut();
  expect(await stat(path.join(app.data, 'hub-token.bin')).catch(() => null)).toBeNull();
});

test('removed, it is absent again and can be fetched again', async () => {
  const app = await fetched(await startHub());
  const folder = path.join(app.data, 'models');
  // The names that a removal would use first: their contents are a user's.
  const theirs = [`${ID}.1.removing`, `${ID}.removing`];
  for (const name of theirs) await mkdir(path.join(folder, name));
  await app.service.models.remove(ID);
  expect(app.entry()).toMatchObject({ state: { status: 'absent' }, files: null });
  expect((await readdir(folder)).sort()).toEqual(theirs);
});

test('a record that came with a folder names no repository to repair it from', async () => {
  const app = await open(null);
  const folder = path.join(app.data, 'models', ID);
  await cp(DEMO, folder, { recursive: true });
  const files = { 'model_index.json': { size: 1, kind: 'sha256', digest: '0'.repeat(64), mtimeMs: -1, isKnown: true } };
  const record = { version: 1, repo: 'evil/repo', commit: 'a'.repeat(40), files };
  await writeFile(path.join(folder, '.splitreel.json'), JSON.stringify(record));
  await writeFile(path.join(folder, WEIGHTS), 'damaged');
  await app.service.models.recheck(ID);
  expect(app.entry()).toMatchObject({ state: { status: 'broken' }, files: { repairFrom: null, verified: null } });
  expect(app.service.models.downloadTarget(ID)).toBeNull();
});
