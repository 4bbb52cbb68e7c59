/** Recorded data folders: one a version, in `recorded`, and what the version that recorded it saw in it. */
import { cp, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openApp, type App } from '../../src/main/compose/app';
import type { Slices } from '../../src/shared/ipc';
import { serviceOptions, servicePorts } from '../fakes/services';

export const RECORDED = path.join(import.meta.dirname, 'recorded');
export const EXPECTED = 'expected.json';
/** Stands for the folder that holds `data` and `videos` in recorded files. */
export const HERE = '@HERE@';
const isText = (name: string): boolean => name.endsWith('.json') || name === 'current';

/** Git keeps no times, and a verified model is known by them. */
export const FILE_TIME_MS = 1_800_000_000_000;

export async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

async function replaceInTexts(folder: string, from: string, to: string): Promise<void> {
  for (const file of await filesIn(folder)) {
    if (isText(path.basename(file))) await writeFile(file, (await readFile(file, 'utf8')).replaceAll(from, to));
    await utimes(file, FILE_TIME_MS / 1_000, FILE_TIME_MS / 1_000);
  }
}

export async function record(folder: string, version: string): Promise<void> {
  const target = path.join(RECORDED, version);
  await cp(folder, target, { recursive: true, errorOnExist: true, force: false });
  await replaceInTexts(target, folder, HERE);
}

export async function restore(version: string, folder: string): Promise<void> {
  await cp(path.join(RECORDED, version), folder, { recursive: true });
  await replaceInTexts(folder, HERE, folder);
}

export type Seen = Pick<Slices, 'settings' | 'jobs' | 'measurements' | 'environment' | 'downloads' | 'notices'> & {
  readonly locations: Slices['storage']['locations'];
  readonly videos: readonly string[];
  /** What was verified of them, Python reads; the recorded interpreter is an empty file. */
  readonly models: readonly string[];
};

/** Opens the folder with this version's own services and closes it again. */
export async function see(folder: string): Promise<Seen> {
  const app: App = await openApp(servicePorts(), serviceOptions(folder));
  try {
    // Before the environment is announced: its recorded interpreter is an empty file, so the engine cannot start.
    const jobs = app.store.get('jobs');
    await app.begin();
    await app.calls.measureStorage(undefined);
    const { settings, measurements, environment, downloads, notices, library, models, storage } =
      app.store.snapshot().slices;
    return {
      settings,
      jobs,
      measurements,
      environment,
      downloads,
      notices,
      locations: storage.locations.map((location) => ({ ...location, freeBytes: 0 })),
      videos: library.map(({ fileName }) => fileName),
      models: models.map(({ id }) => id),
    };
  } finally {
    await app.close();
  }
}
