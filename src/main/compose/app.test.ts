import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { metadata, mp4 } from '../../../test/fakes/mp4';
import { request } from '../../../test/fakes/request';
import { NO_DESKTOP, servicePorts, serviceOptions } from '../../../test/fakes/services';
import { cpuDevices } from '../../shared/device';
import { calls, snapshotSchema } from '../../shared/ipc';
import { currentLanguage, setLanguage } from '../../shared/language';
import { ONE_RANK } from '../../shared/plan';
import { nodeFiles } from '../adapters/node/files';
import { openApp, type App } from './app';

let folder = '';
let app: App;
let chosenFolder: string | null = null;

const ports = servicePorts({ ...NO_DESKTOP, chooseFolder: () => Promise.resolve(chosenFolder) });
const open = (): Promise<App> => openApp(ports, serviceOptions(folder));

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-app-'));
  app = await open();
});
afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

test('together, the areas implement exactly the calls of the contract', () => {
  expect(Object.keys(app.calls).sort()).toEqual(Object.keys(calls).sort());
});

test('the window accepts the first snapshot, before and after the disk was read', async () => {
  snapshotSchema.parse(app.store.snapshot());
  await app.begin();
  const { slices } = snapshotSchema.parse(app.store.snapshot());
  expect(slices.machine.cpuName).toBe('A CPU');
  expect(slices.environment.status).toBe('missing');
  expect(slices.models.map(({ id }) => id)).toContain('demo');
});

test('a settings change reaches every slice that shows it', async () => {
  const elsewhere = path.join(folder, 'elsewhere');
  chosenFolder = elsewhere;
  await app.calls.chooseVideosFolder(undefined);
  expect(app.store.get('settings').videosFolder).toBe(elsewhere);
  expect(app.store.get('about').videosFolder).toBe(elsewhere);
});

test('a chosen language applies immediately and after a restart', async () => {
  const changes: string[] = [];
  app.onLanguageChanged((language) => void changes.push(language));
  await app.calls.updateSettings({ language: 'zh-CN' });
  await app.calls.updateSettings({ theme: 'dark' });
  expect(changes).toEqual(['zh-CN']);
  await app.close();
  setLanguage('en');
  app = await open();
  expect(currentLanguage()).toBe('zh-CN');
  await app.calls.updateSettings({ language: 'system' });
  expect(currentLanguage()).toBe('en');
});

test('settings survive a restart', async () => {
  await app.calls.updateSettings({ theme: 'dark' });
  await app.close();
  app = await open();
  expect(app.store.get('settings').theme).toBe('dark');
});

test('a corrupt file is set aside and reported to the window', async () => {
  await app.close();
  await nodeFiles.writeAtomically(path.join(folder, 'data', 'jobs.json'), '{"version": 1, "jobs": 7}');
  app = await open();
  expect(app.store.get('notices').map(({ error }) => error.code)).toEqual(['STORE_CORRUPT']);
  expect(app.store.get('jobs')).toEqual([]);
});

test('videos missed by the watcher appear with their marks when the window gets the focus', async () => {
  await app.close();
  app = await openApp({ ...ports, files: { ...nodeFiles, watchFolder: () => null } }, serviceOptions(folder));
  await app.begin();
  const { videosFolder } = app.store.get('about');
  await mkdir(videosFolder, { recursive: true });
  await writeFile(path.join(videosFolder, 'a.mp4'), mp4(JSON.stringify(metadata())));
  app.windowFocused();
  await expect.poll(() => app.store.get('library')).toHaveLength(1);
  const videoIds = app.store.get('library').map(({ id }) => id);
  await app.calls.markVideos({ videoIds, change: { rating: 3 } });
  await app.calls.discardVideos({ videoIds });
  expect(app.store.get('library')).toEqual([]);
  await app.calls.restoreVideos({ videoIds });
  expect(app.store.get('library')[0]?.marks.rating).toBe(3);
});

test('storage removes no first frame that a job, a discarded video or the form uses', async () => {
  await app.close();
  const frames = path.join(folder, 'data', 'first-frames');
  const frame = (name: string): string => path.join(frames, name, 'ball-frame-3.png');
  const [job, video, form, unused] = ['job', 'video', 'form', 'unused'].map(frame) as [string, string, string, string];
  for (const file of [job, video, form, unused]) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, 'PNG');
    await utimes(file, 0, 0);
  }
  const queued = {
    id: 'a',
    createdAtMs: 1,
    request: request({ imagePath: job }),
    plan: ONE_RANK,
    devices: cpuDevices(1),
    state: { status: 'queued' },
  };
  await nodeFiles.writeAtomically(
    path.join(folder, 'data', 'jobs.json'),
    JSON.stringify({ version: 1, jobs: [queued] }),
  );
  const made = mp4(JSON.stringify(metadata({ request: request({ imagePath: video }) })));
  await mkdir(path.join(folder, 'videos'), { recursive: true });
  await writeFile(path.join(folder, 'videos', 'a.mp4'), made);
  app = await open();
  const draft = {
    request: request({ imagePath: form }),
    plan: ONE_RANK,
    isPlanAutomatic: true,
    isSeedLocked: false,
    isPromptList: false,
  };
  await app.calls.updateSettings({ draft });
  await app.calls.measureStorage(undefined);
  await app.calls.discardVideos({ videoIds: app.store.get('library').map(({ id }) => id) });
  const row = () => app.store.get('storage').items?.find(({ kind }) => kind === 'firstFrames');
  expect(row()).toMatchObject({ bytes: 12, ownBytes: 3, canRemove: true });
  // As on a drive that is away: its videos could use any frame.
  await rename(path.join(folder, 'videos'), path.join(folder, 'away'));
  await app.calls.measureStorage(undefined);
  expect(row()).toMatchObject({ bytes: 12, ownBytes: 0, canRemove: false });
  await rename(path.join(folder, 'away'), path.join(folder, 'videos'));
  await app.calls.measureStorage(undefined);
  await app.calls.removeStorage({ id: 'firstFrames' });
  expect((await readdir(frames)).sort()).toEqual(['form', 'job', 'video']);
  expect(row()).toMatchObject({ bytes: 9, ownBytes: 0, canRemove: false });
});
