/** The history of prompts and the presets, in one file. */
import path from 'node:path';
import { z } from 'zod';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import type { Slices } from '../../shared/ipc';
import {
  MAX_PRESETS,
  presetFileSchema,
  presetSchema,
  withImported,
  withPreset,
  type Preset,
} from '../../shared/presets';
import { usedPromptSchema, type UsedPrompt } from '../../shared/prompt-history';
import type { Clock } from '../ports/clock';
import type { Files } from '../ports/files';
import { openJsonStore, type JsonStore } from '../state/json-store';

const MAX_HISTORY = 500;
/** About twice the size of a file with the most presets. */
const MAX_FILE_BYTES = 4_000_000;
/** As long as a prompt may be. */
const MAX_LIST_CHARACTERS = 20_000;

const promptsFileSchema = z.object({
  version: z.literal(1),
  history: z.array(usedPromptSchema),
  presets: z.array(presetSchema),
});
type PromptsFile = z.infer<typeof promptsFileSchema>;

export interface Prompts {
  readonly remember: (used: Omit<UsedPrompt, 'usedAtMs'>) => Promise<void>;
  /** Null: all prompts. */
  readonly forget: (prompt: string | null) => Promise<void>;
  /** Throws PRESETS_FULL. */
  readonly savePreset: (preset: Preset) => Promise<void>;
  readonly removePreset: (name: string) => Promise<void>;
  readonly exportPresets: (file: string) => Promise<void>;
  /** Returns how many presets the file added; throws PRESETS_UNREADABLE or PRESETS_FULL. */
  readonly importPresets: (file: string) => Promise<number>;
  /** Returns the text of a file of prompts; throws PROMPTS_UNREADABLE. */
  readonly readList: (file: string) => Promise<string>;
  readonly problem: AppError | null;
}

export interface PromptsPorts {
  readonly files: Files;
  readonly clock: Clock;
}

export interface PromptsOptions {
  readonly file: string;
  readonly onHistory: (history: Slices['promptHistory']) => void;
  readonly onPresets: (presets: Slices['presets']) => void;
}

export async function openPrompts(ports: PromptsPorts, options: PromptsOptions): Promise<Prompts> {
  const store = await openJsonStore<PromptsFile>(ports, {
    file: options.file,
    schema: promptsFileSchema,
    fallback: { version: 1, history: [], presets: [] },
  });
  options.onHistory(store.value().history);
  options.onPresets(store.value().presets);
  return {
    ...historyCalls(store, ports.clock, options.onHistory),
    ...presetCalls(store, ports.files, options.onPresets),
    readList: async (file) => {
      const text = await readSmallFile(ports.files, file);
      // A file that isn't UTF-8 decodes to replacement characters, which text doesn't contain; nor does it contain NUL.
      // eslint-disable-next-line no-control-regex -- looks for NUL
      if (text === null || text.length > MAX_LIST_CHARACTERS || /[\u0000\ufffd]/u.test(text))
        throw unreadable('PROMPTS_UNREADABLE', file);
      return text.replace(/^\ufeff/, '').trim();
    },
    problem: store.problem,
  };
}

function historyCalls(
  store: JsonStore<PromptsFile>,
  clock: Clock,
  onHistory: PromptsOptions['onHistory'],
): Pick<Prompts, 'remember' | 'forget'> {
  const set = (history: UsedPrompt[]): Promise<void> => {
    const saved = store.save({ ...store.value(), history });
    onHistory(history);
    return saved;
  };
  const others = (prompt: string): UsedPrompt[] => store.value().history.filter((used) => used.prompt !== prompt);
  return {
    remember: (used) => set([{ ...used, usedAtMs: clock.wallMs() }, ...others(used.prompt)].slice(0, MAX_HISTORY)),
    forget: (prompt) => set(prompt === null ? [] : others(prompt)),
  };
}

function presetCalls(
  store: JsonStore<PromptsFile>,
  files: Files,
  onPresets: PromptsOptions['onPresets'],
): Pick<Prompts, 'savePreset' | 'removePreset' | 'exportPresets' | 'importPresets'> {
  const presets = (): readonly Preset[] => store.value().presets;
  const set = async (next: readonly Preset[] | null): Promise<void> => {
    if (next === null) throw new SplitreelError(appError('PRESETS_FULL', { max: MAX_PRESETS }));
    const saved = store.save({ ...store.value(), presets: [...next] });
    onPresets([...next]);
    await saved;
  };
  return {
    savePreset: (preset) => set(withPreset(presets(), preset)),
    removePreset: (name) => set(presets().filter((preset) => preset.name !== name)),
    exportPresets: (file) =>
      files.writeAtomically(file, `${JSON.stringify({ splitreelPresets: 1, presets: presets() }, null, 2)}\n`),
    importPresets: async (file) => {
      const text = await readSmallFile(files, file);
      const parsed = presetFileSchema.safeParse(parseJson(text ?? ''));
      if (!parsed.success) throw unreadable('PRESETS_UNREADABLE', file);
      const before = presets().length;
      await set(withImported(presets(), parsed.data.presets));
      return presets().length - before;
    },
  };
}

const unreadable = (code: 'PRESETS_UNREADABLE' | 'PROMPTS_UNREADABLE', file: string): SplitreelError =>
  new SplitreelError(appError(code, { file: path.basename(file) }));

/** Null if it isn't a file, can't be read, or is too large. */
async function readSmallFile(files: Files, file: string): Promise<string | null> {
  const info = await files.stat(file).catch(() => null);
  if (info?.kind !== 'file' || info.sizeBytes > MAX_FILE_BYTES) return null;
  return files.readText(file).catch(() => null);
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
