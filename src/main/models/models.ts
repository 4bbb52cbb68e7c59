/**
 * The models that there are: the one that comes with the app, those of the catalogue (here, in the Hugging Face cache
 * or yet to be fetched), whatever else lies in the models folder, and folders that the person added.
 */
import path from 'node:path';
import type { CatalogueEntry } from '../../shared/catalogue';
import { appError, SplitreelError } from '../../shared/errors';
import type { ModelEntry } from '../../shared/models';
import { samplingParamsSchema } from '../../shared/sampling';
import { z } from 'zod';
import type { Files } from '../ports/files';
import type { Log } from '../ports/log';
import { defaultSettings, NO_MODEL_SETTINGS, offeredSizes } from './defaults';
import type { Hub } from './hub';
import { locate, modelFoldersIn } from './places';
import type { Inspect } from './inspect';
import { checkRecord, recordFile, type RecordState } from './record';

export const DEMO_ID = 'demo';

/** resources/demo/splitreel.json: what the demo model's makers say of it. */
const demoNotesSchema = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  defaults: samplingParamsSchema.partial().optional(),
  examples: z.array(z.string()).optional(),
});
type DemoNotes = z.infer<typeof demoNotesSchema>;

const EXAMPLES = [
  'A small dog runs along a beach at sunset',
  'A panda plays the guitar in a bamboo forest',
  'The lights of a city at night, seen from above, the camera moves slowly',
];

export interface ModelsPorts {
  readonly files: Files;
  readonly log: Log;
  readonly hub: Pick<Hub, 'verify'>;
  readonly inspect: Inspect;
  /** <app>/resources/demo */
  readonly demoFolder: string;
  readonly folders: () => readonly string[];
  readonly setFolders: (folders: readonly string[]) => Promise<void>;
  readonly catalogue: readonly CatalogueEntry[];
  /** Where models are kept, the newest first: two while they are being moved. */
  readonly modelsFolders: () => readonly string[];
  /** huggingface_hub's own cache. */
  readonly cacheFolder: string;
  /** For what was verified of models that lie elsewhere. */
  readonly recordsFolder: string;
}

/** What the downloader needs to fetch a model, or the damaged files of one. */
export interface DownloadTarget {
  readonly repo: string;
  readonly revision: string;
  readonly folder: string;
  readonly finalFolder: string;
  readonly recordFile: string;
  readonly isRepair: boolean;
}

export interface Models {
  readonly get: () => readonly ModelEntry[];
  readonly checkAll: () => Promise<void>;
  /** Checks what could not be checked while there was no Python. */
  readonly checkUnread: () => Promise<void>;
  readonly recheck: (modelId: string) => Promise<void>;
  /** The folder's id; throws what is wrong with a folder that holds no model at all. */
  readonly add: (folder: string) => Promise<string>;
  readonly forget: (modelId: string) => Promise<void>;
  /** Deletes a model from the models folder. */
  readonly remove: (modelId: string) => Promise<void>;
  /** Hashes every file; the entry shows how far it is and what was found. */
  readonly verify: (modelId: string) => Promise<void>;
  /** Hashes, in the background, the models that were never verified or have changed since. */
  readonly verifyNew: () => Promise<void>;
  /** Null where there is nothing to fetch for this model. */
  readonly downloadTarget: (modelId: string) => Promise<DownloadTarget | null>;
}

type About = Pick<ModelEntry, 'id' | 'name' | 'description' | 'source' | 'offer'>;
type Place = NonNullable<ModelEntry['files']>['place'];

export function createModels(ports: ModelsPorts, onModels: (models: readonly ModelEntry[]) => void): Models {
  const { files } = ports;
  let models: readonly ModelEntry[] = [];
  /** Of each model that is there; what its entry says of it comes from here. */
  const records = new Map<string, RecordState>();
  const set = (next: readonly ModelEntry[]): void => {
    models = next;
    onModels(models);
  };
  const find = (modelId: string): ModelEntry | undefined => models.find(({ id }) => id === modelId);
  const put = (entry: ModelEntry): void => {
    set(
      find(entry.id) === undefined
        ? [...models, entry]
        : models.map((other) => (other.id === entry.id ? entry : other)),
    );
  };
  const take = (modelId: string): void => {
    records.delete(modelId);
    set(models.filter(({ id }) => id !== modelId));
  };

  /** A folder of that name which is there already is somebody else's. */
  const unusedName = async (folder: string): Promise<string> => {
    for (let number = 1; ; number += 1) {
      const name = `${folder}.${String(number)}.removing`;
      if ((await files.stat(name)) === null) return name;
    }
  };

  /** Shape, sizes and headers first, then what was verified of it. */
  const readPlaced = async (folder: string, place: Place, about: About): Promise<ModelEntry> => {
    const entry = await readEntry(ports, folder, about, {});
    if (place === 'app') return entry;
    const record = await checkRecord(files, folder, recordFile(folder, place, ports.recordsFolder));
    records.set(about.id, record);
    return withRecord(entry, place, record);
  };
  const checkDemo = async (): Promise<void> => {
    const folder = ports.demoFolder;
    const notes = await readNotes(files, folder);
    const about = { ...describeDemo(notes), id: DEMO_ID, source: 'builtin' as const, offer: null };
    const entry = await readEntry(ports, folder, about, notes);
    const isThere = entry.state.status !== 'absent';
    put({ ...entry, files: isThere ? { place: 'app', verified: null, verifying: null, repairFrom: null } : null });
  };
  const checkCatalogued = async (offer: CatalogueEntry): Promise<void> => {
    const about = {
      id: offer.id,
      name: offer.name,
      description: offer.description,
      source: 'catalogue',
      offer,
    } as const;
    const modelsFolders = ports.modelsFolders();
    const found = await locate(files, offer, { modelsFolders, cacheFolder: ports.cacheFolder });
    records.delete(offer.id);
    put(found === null ? absent(about) : await readPlaced(found.folder, found.place, about));
  };
  const checkFolder = async (folder: string, place: 'models' | 'folder'): Promise<void> => {
    const about = { id: folder, name: path.basename(folder), description: '', source: 'folder' as const, offer: null };
    put(await readPlaced(folder, place, about));
  };
  const foundFolders = async (): Promise<readonly string[]> => {
    const known = [DEMO_ID, ...ports.catalogue.map(({ id }) => id)];
    const found = await Promise.all(ports.modelsFolders().map((base) => modelFoldersIn(files, base, known)));
    return found.flat();
  };
  const check = async (entry: ModelEntry): Promise<void> => {
    if (entry.id === DEMO_ID) await checkDemo();
    else if (entry.offer !== null) await checkCatalogued(entry.offer);
    else await checkFolder(entry.id, entry.files?.place === 'models' ? 'models' : 'folder');
  };
  const recheck = async (modelId: string): Promise<void> => {
    const entry = find(modelId);
    if (entry === undefined) return;
    put({ ...entry, state: { status: 'checking' } });
    await check(entry);
  };
  const runVerify = async (modelId: string, everything: boolean): Promise<void> => {
    const entry = find(modelId);
    const place = entry?.files?.place;
    if (entry?.path === null || entry === undefined || place === undefined || place === 'app') return;
    const show = (verifying: { doneBytes: number; totalBytes: number } | null): void => {
      const now = find(modelId);
      if (now !== undefined && now.files !== null) put({ ...now, files: { ...now.files, verifying } });
    };
    show({ doneBytes: 0, totalBytes: entry.sizeBytes ?? 0 });
    try {
      const record = recordFile(entry.path, place, ports.recordsFolder);
      await ports.hub.verify({ modelId, folder: entry.path, recordFile: record, everything }, show);
    } finally {
      show(null);
      await check(entry);
    }
  };
  return {
    get: () => models,
    checkAll: async () => {
      /** A folder that cannot be reached is logged: the other models are there all the same. */
      const attempt = async (name: string, work: Promise<void>): Promise<void> =>
        work.catch((error: unknown) => ports.log.error(`${name} could not be checked`, error));
      await attempt(DEMO_ID, checkDemo());
      for (const entry of ports.catalogue) await attempt(entry.id, checkCatalogued(entry));
      const inModels = await foundFolders().catch((error: unknown): readonly string[] => {
        ports.log.error('the models folder could not be read', error);
        return [];
      });
      for (const folder of inModels) await attempt(folder, checkFolder(folder, 'models'));
      for (const folder of ports.folders())
        if (!inModels.includes(folder)) await attempt(folder, checkFolder(folder, 'folder'));
      // What was there before and is gone, such as a folder that was moved.
      const there = new Set([DEMO_ID, ...ports.catalogue.map(({ id }) => id), ...inModels, ...ports.folders()]);
      for (const { id } of models) if (!there.has(id)) take(id);
    },
    recheck,
    checkUnread: async () => {
      for (const entry of models) if (entry.state.status === 'checking') await check(entry);
    },
    add: async (chosen) => {
      const folder = await files.realPath(chosen);
      if ((await files.stat(path.join(folder, 'model_index.json'))) === null)
        throw new SplitreelError(appError('MODEL_MISSING', { path: folder }));
      const known = models.find((entry) => entry.path === folder);
      if (known !== undefined) return known.id;
      if (!ports.folders().includes(folder)) await ports.setFolders([...ports.folders(), folder]);
      await checkFolder(folder, 'folder');
      return folder;
    },
    forget: async (modelId) => {
      await ports.setFolders(ports.folders().filter((folder) => folder !== modelId));
      const entry = find(modelId);
      if (entry?.files?.place === 'folder') take(modelId);
    },
    remove: async (modelId) => {
      const entry = find(modelId);
      if (entry?.files?.place !== 'models' || entry.path === null) return;
      // Under another name first: whatever happens to the rest, half a model is never taken for one.
      const doomed = await unusedName(entry.path);
      await files.rename(entry.path, doomed);
      await files.remove(doomed);
      await files.remove(recordFile(entry.path, 'models', ports.recordsFolder));
      if (entry.offer === null) take(modelId);
      else await check(entry);
    },
    verify: (modelId) => runVerify(modelId, true),
    verifyNew: async () => {
      for (const { id, state } of models) {
        const status = records.get(id)?.status;
        if (state.status !== 'ready' || status === undefined || status === 'good' || status === 'damaged') continue;
        await runVerify(id, false).catch((error: unknown) =>
          ports.log.warn(`${id} could not be verified: ${String(error)}`),
        );
      }
    },
    downloadTarget: async (modelId) => {
      const entry = find(modelId);
      if (entry === undefined) return null;
      const place = entry.files?.place;
      if (entry.path !== null && place !== undefined && place !== 'app') {
        const file = recordFile(entry.path, place, ports.recordsFolder);
        const { source } = await checkRecord(files, entry.path, file);
        const target = { folder: entry.path, finalFolder: entry.path, recordFile: file, isRepair: true };
        return source === null ? null : { ...target, repo: source.repo, revision: source.commit };
      }
      const [repo] = entry.offer?.repositories ?? [];
      const [base] = ports.modelsFolders();
      if (repo === undefined || base === undefined || entry.offer === null) return null;
      const finalFolder = path.join(base, entry.id);
      const folder = `${finalFolder}.part`;
      const target = { repo, revision: entry.offer.revision, folder, finalFolder, isRepair: false };
      return { ...target, recordFile: recordFile(folder, 'models', ports.recordsFolder) };
    },
  };
}

const absent = (about: About): ModelEntry => ({
  ...about,
  path: null,
  sizeBytes: null,
  state: { status: 'absent' },
  defaults: NO_MODEL_SETTINGS,
  sizes: [],
  examples: EXAMPLES,
  files: null,
});

/** Damage that was found stays found until it is mended, also over a restart. */
function withRecord(entry: ModelEntry, place: Exclude<Place, 'app'>, record: RecordState): ModelEntry {
  const { error } = record;
  const isVerified = record.status === 'good' || record.status === 'stale';
  const isBroken = entry.state.status === 'broken' || error !== null;
  return {
    ...entry,
    state: error === null ? entry.state : { status: 'broken', error },
    files: {
      place,
      verified: isVerified ? { fileCount: record.fileCount, known: record.known } : null,
      verifying: null,
      repairFrom: isBroken ? (record.source?.repo ?? null) : null,
    },
  };
}

function describeDemo(notes: DemoNotes): Pick<ModelEntry, 'name' | 'description'> {
  return {
    name: notes.name ?? 'Demo',
    description: notes.description ?? 'A tiny model for trying things out. Its pictures mean nothing.',
  };
}

async function readNotes(files: Files, folder: string): Promise<DemoNotes> {
  try {
    return demoNotesSchema.parse(JSON.parse(await files.readText(path.join(folder, 'splitreel.json'))));
  } catch {
    return {};
  }
}

async function readEntry(ports: ModelsPorts, folder: string, about: About, notes: DemoNotes): Promise<ModelEntry> {
  const found = await ports.inspect(folder);
  const examples = notes.examples ?? EXAMPLES;
  const unread = { ...absent(about), path: folder, examples };
  if (found === null) return { ...unread, state: { status: 'checking' } };
  if (found.status === 'broken') return { ...unread, state: found };
  const { shape, memory, sizeBytes } = found;
  const given = Object.fromEntries(Object.entries(notes.defaults ?? {}).filter(([, value]) => value !== undefined));
  const recommended = about.offer === null ? {} : { scheduler: about.offer.scheduler };
  return {
    ...about,
    path: folder,
    sizeBytes,
    state: { status: 'ready', shape, memory },
    defaults: { ...defaultSettings(shape), ...recommended, ...given },
    sizes: offeredSizes(shape),
    examples,
    files: null,
  };
}
