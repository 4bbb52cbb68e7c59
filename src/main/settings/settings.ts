/** The app's settings on disk: defaults, migration, and what the window may change. */
import {
  DEFAULT_SETTINGS,
  SETTINGS_VERSION,
  settingsSchema,
  type Settings,
  type GuardedSettings,
  type SettingsPatch,
} from '../../shared/settings';
import { openJsonStore, type JsonStorePorts } from '../state/json-store';
import type { AppError } from '../../shared/errors';

export interface SettingsService {
  readonly get: () => Settings;
  /** On disk before it resolves. */
  readonly update: (patch: SettingsPatch) => Promise<void>;
  /** For changes that the user confirmed in a native dialog. */
  readonly updateGuarded: (patch: Partial<GuardedSettings>) => Promise<void>;
  readonly setModelFolders: (folders: readonly string[]) => Promise<void>;
  /** `before`: the folder that may still contain models while they are being moved. */
  readonly setModelsFolder: (folder: string | null, before: string | null) => Promise<void>;
  /** The folder of the last "Save as". Never fails: on a full disk, the video must still be saved elsewhere. */
  readonly setLastSaveFolder: (folder: string) => Promise<void>;
  readonly problem: AppError | null;
}

export async function openSettings(
  ports: JsonStorePorts,
  options: { readonly file: string; readonly onChange: (settings: Settings) => void },
): Promise<SettingsService> {
  const store = await openJsonStore(ports, {
    file: options.file,
    schema: settingsSchema,
    fallback: DEFAULT_SETTINGS,
    migrate: migrateSettings,
  });
  const set = async (settings: Settings): Promise<void> => {
    const saved = store.save(settings);
    // They apply at once, also if they can't be saved now: the store tries again.
    options.onChange(settings);
    await saved;
  };
  return {
    get: store.value,
    update: (patch) => set(applyPatch(store.value(), patch)),
    updateGuarded: (patch) => set(applyPatch(store.value(), patch)),
    setModelFolders: (folders) => set({ ...store.value(), modelFolders: [...folders] }),
    setModelsFolder: (folder, before) => set({ ...store.value(), modelsFolder: folder, modelsFolderBefore: before }),
    setLastSaveFolder: (lastSaveFolder) => set({ ...store.value(), lastSaveFolder }).catch(() => undefined),
    problem: store.problem,
  };
}

/** A key that is missing or undefined keeps its value. */
export function applyPatch(settings: Settings, patch: SettingsPatch | Partial<GuardedSettings>): Settings {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  return settingsSchema.parse({ ...settings, ...given });
}

/**
 * Version 1 is the first. A draft of an older shape is dropped, so that the rest isn't lost: it only fills a form.
 * A file of a newer version isn't read, because its meaning is unknown.
 */
export function migrateSettings(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || !('version' in raw) || raw.version !== SETTINGS_VERSION) return raw;
  const draft = 'draft' in raw ? settingsSchema.shape.draft.safeParse(raw.draft) : null;
  return draft?.success === false ? { ...raw, draft: null } : raw;
}
