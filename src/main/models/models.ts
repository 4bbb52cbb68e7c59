/** The models that can be used: the one that comes with the app, and folders that the person added. */
import path from 'node:path';
import { z } from 'zod';
import { appError, SplitreelError } from '../../shared/errors';
import type { ModelEntry } from '../../shared/models';
import { videoSettingsSchema } from '../../shared/request';
import type { Files } from '../ports/files';
import { defaultSettings, NO_MODEL_SETTINGS, offeredSizes } from './defaults';
import { readModel } from './read-model';

export const DEMO_ID = 'demo';

/** resources/demo/splitreel.json: what the demo model's makers say of it. */
const demoNotesSchema = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  defaults: videoSettingsSchema.partial().optional(),
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
  /** <app>/resources/demo, used where it holds a model. */
  readonly shippedDemo: string;
  /** Where a demo model is made otherwise. */
  readonly madeDemo: string;
  /** Makes a small model with random weights in a folder; false where there is no environment yet. */
  readonly makeDemo: (folder: string) => Promise<boolean>;
  readonly folders: () => readonly string[];
  readonly setFolders: (folders: readonly string[]) => Promise<void>;
}

export interface Models {
  readonly get: () => readonly ModelEntry[];
  readonly checkAll: () => Promise<void>;
  readonly recheck: (modelId: string) => Promise<void>;
  /** The folder's id; throws what is wrong with a folder that holds no model at all. */
  readonly add: (folder: string) => Promise<string>;
  readonly forget: (modelId: string) => Promise<void>;
  /** Once the environment is ready: makes the demo model where it is not there. */
  readonly ensureDemo: () => Promise<void>;
}

export function createModels(ports: ModelsPorts, onModels: (models: readonly ModelEntry[]) => void): Models {
  const { files } = ports;
  let models: readonly ModelEntry[] = [];
  const set = (next: readonly ModelEntry[]): void => {
    models = next;
    onModels(models);
  };
  const put = (entry: ModelEntry): void => {
    const isKnown = models.some(({ id }) => id === entry.id);
    set(isKnown ? models.map((other) => (other.id === entry.id ? entry : other)) : [...models, entry]);
  };
  const demoFolder = async (): Promise<string> =>
    (await files.stat(path.join(ports.shippedDemo, 'model_index.json'))) === null ? ports.madeDemo : ports.shippedDemo;

  const checkDemo = async (): Promise<void> => {
    const folder = await demoFolder();
    const notes = await readNotes(files, folder);
    put(await readEntry(files, folder, { ...describeDemo(notes), id: DEMO_ID, source: 'builtin' }, notes));
  };
  const checkFolder = async (folder: string): Promise<void> => {
    const about = { id: folder, name: path.basename(folder), description: folder, source: 'folder' as const };
    put(await readEntry(files, folder, about, {}));
  };
  const recheck = async (modelId: string): Promise<void> => {
    const entry = models.find(({ id }) => id === modelId);
    if (entry !== undefined) put({ ...entry, state: { status: 'checking' } });
    await (modelId === DEMO_ID ? checkDemo() : checkFolder(modelId));
  };
  return {
    get: () => models,
    checkAll: async () => {
      await checkDemo();
      for (const folder of ports.folders()) await checkFolder(folder);
    },
    recheck,
    add: async (chosen) => {
      const folder = await files.realPath(chosen);
      if ((await files.stat(path.join(folder, 'model_index.json'))) === null)
        throw new SplitreelError(appError('MODEL_MISSING', { path: folder }));
      if (!ports.folders().includes(folder)) await ports.setFolders([...ports.folders(), folder]);
      await checkFolder(folder);
      return folder;
    },
    forget: async (modelId) => {
      await ports.setFolders(ports.folders().filter((folder) => folder !== modelId));
      set(models.filter(({ id, source }) => id !== modelId || source !== 'folder'));
    },
    ensureDemo: async () => {
      const demo = models.find(({ id }) => id === DEMO_ID);
      if (demo?.state.status !== 'absent') return;
      put({ ...demo, state: { status: 'checking' } });
      const part = `${ports.madeDemo}.part`;
      await files.remove(part);
      await files.makeFolder(path.dirname(part));
      if (await ports.makeDemo(part)) {
        await files.remove(ports.madeDemo);
        await files.rename(part, ports.madeDemo);
      }
      await checkDemo();
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

async function readEntry(
  files: Files,
  folder: string,
  about: Pick<ModelEntry, 'id' | 'name' | 'description' | 'source'>,
  notes: DemoNotes,
): Promise<ModelEntry> {
  const read = await readModel(files, folder);
  const examples = notes.examples ?? EXAMPLES;
  if (!read.ok) {
    const isAbsent = about.source === 'builtin' && read.error.code === 'MODEL_MISSING';
    const state = isAbsent ? { status: 'absent' as const } : { status: 'broken' as const, error: read.error };
    return { ...about, path: folder, sizeBytes: null, state, defaults: NO_MODEL_SETTINGS, sizes: [], examples };
  }
  const { shape, memory, sizeBytes } = read.value;
  const given = Object.fromEntries(Object.entries(notes.defaults ?? {}).filter(([, value]) => value !== undefined));
  return {
    ...about,
    path: folder,
    sizeBytes,
    state: { status: 'ready', shape, memory },
    defaults: { ...defaultSettings(shape), ...given },
    sizes: offeredSizes(shape),
    examples,
  };
}
