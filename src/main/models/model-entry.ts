/** One model as the window shows it: the result of the Python store's check and of its verification. */
import path from 'node:path';
import { z } from 'zod';
import type { Inspection, ModelEntry, VerifiedRecord } from '../../shared/models';
import { samplingParamsSchema } from '../../shared/sampling';
import type { Files } from '../ports/files';
import { defaultSettings, NO_MODEL_SETTINGS, offeredSizes } from './defaults';
import type { Inspect } from './inspect';
import { recordFile } from './record';

/** A model before its folder is read. */
export type About = Pick<ModelEntry, 'id' | 'name' | 'description' | 'source' | 'offer'>;
export type ModelLocation = Exclude<NonNullable<ModelEntry['files']>['location'], 'app'>;

export interface EntryPorts {
  readonly files: Files;
  readonly inspect: Inspect;
  /** For what was verified of models. */
  readonly recordsFolder: string;
}

const EXAMPLES = [
  'A small dog runs along a beach at sunset',
  'A panda plays the guitar in a bamboo forest',
  'The lights of a city at night, seen from above, the camera moves slowly',
];

/** Leaves out fields whose schema has a default, which would override the model's own defaults. */
const notedDefaultsSchema = samplingParamsSchema.omit({ imageFit: true, imagePosition: true, loras: true }).partial();

/** resources/demo/splitreel.json: the demo model's description. */
const demoNotesSchema = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  defaults: notedDefaultsSchema.optional(),
  examples: z.array(z.string()).optional(),
});
type DemoNotes = z.infer<typeof demoNotesSchema>;

const NO_RECORD: VerifiedRecord = { status: 'none', error: null, fileCount: 0, known: 0, source: null };

/** The folder's contents and their verification. */
export async function readModel(
  ports: EntryPorts,
  folder: string,
  location: ModelLocation,
  about: About,
): Promise<{ readonly entry: ModelEntry; readonly record: VerifiedRecord }> {
  const found = await ports.inspect(folder, recordFile(folder, location, ports.recordsFolder));
  const record = found?.record ?? NO_RECORD;
  return { entry: withRecord(entryOf(found, folder, about, {}), location, record), record };
}

/** The model that ships with the app. It isn't downloaded, so it isn't verified. */
export async function readDemo(ports: EntryPorts, id: string, folder: string): Promise<ModelEntry> {
  const notes = await readNotes(ports.files, folder);
  const about = { ...describeDemo(notes), id, source: 'builtin', offer: null } as const;
  const entry = entryOf(await ports.inspect(folder, null), folder, about, notes);
  const files = { location: 'app', verified: null, verifying: null, repairFrom: null } as const;
  return { ...entry, files: entry.state.status === 'absent' ? null : files };
}

export const absent = (about: About): ModelEntry => ({
  ...about,
  path: null,
  sizeBytes: null,
  state: { status: 'absent' },
  defaults: NO_MODEL_SETTINGS,
  sizes: [],
  examples: EXAMPLES,
  files: null,
});

/** Damage stays recorded until it is repaired, also across restarts. */
function withRecord(entry: ModelEntry, location: ModelLocation, record: VerifiedRecord): ModelEntry {
  const { error } = record;
  const isVerified = record.status === 'good' || record.status === 'stale';
  const isBroken = entry.state.status === 'broken' || error !== null;
  return {
    ...entry,
    state: error === null ? entry.state : { status: 'broken', error },
    files: {
      location,
      verified: isVerified ? { fileCount: record.fileCount, known: record.known } : null,
      verifying: null,
      repairFrom: isBroken ? (record.source?.[0] ?? null) : null,
    },
  };
}

function describeDemo(notes: DemoNotes): Pick<ModelEntry, 'name' | 'description'> {
  return {
    name: notes.name ?? 'Demo',
    description: notes.description ?? 'A tiny model for trying things out. Its videos mean nothing.',
  };
}

async function readNotes(files: Files, folder: string): Promise<DemoNotes> {
  try {
    return demoNotesSchema.parse(JSON.parse(await files.readText(path.join(folder, 'splitreel.json'))));
  } catch {
    return {};
  }
}

function entryOf(found: Inspection | null, folder: string, about: About, notes: DemoNotes): ModelEntry {
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
