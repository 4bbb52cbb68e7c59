/** Named settings of the form, without what belongs to one video: its prompt, its image, its seed. */
import { z } from 'zod';
import { samplingParamsSchema, type GenerateRequest } from './sampling';

export const MAX_PRESETS = 500;
export const MAX_PRESET_NAME = 80;

const presetSettingsSchema = samplingParamsSchema.extend({
  modelId: z.string().min(1).max(400),
  negativePrompt: z.string().max(20_000),
  videoCount: z.number().int(),
});

export const presetSchema = z.object({
  name: z.string().trim().min(1).max(MAX_PRESET_NAME),
  settings: presetSettingsSchema,
});
export type Preset = z.infer<typeof presetSchema>;

/** The format for export and import. A whole file is checked against it before any of it is used. */
export const presetFileSchema = z.object({
  splitreelPresets: z.literal(1),
  presets: z.array(presetSchema).max(MAX_PRESETS),
});

export function presetSettings(request: GenerateRequest): Preset['settings'] {
  return presetSettingsSchema.parse(request);
}

/** Adds a preset, replacing one of the same name. Sorted by name. Null: one too many, and none is dropped for it. */
export function withPreset(presets: readonly Preset[], added: Preset): readonly Preset[] | null {
  const all = [...presets.filter(({ name }) => name !== added.name), added];
  return all.length > MAX_PRESETS ? null : all.sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * Adds the presets of a file. None replaces an existing one: a different preset of the same name gets a number. Null if
 * not all fit.
 */
export function withImported(presets: readonly Preset[], imported: readonly Preset[]): readonly Preset[] | null {
  return imported.reduce<readonly Preset[] | null>((all, preset) => {
    const isKnown = all?.some((other) => JSON.stringify(other) === JSON.stringify(preset)) ?? true;
    return all === null || isKnown ? all : withPreset(all, { ...preset, name: freeName(all, preset.name) });
  }, presets);
}

function freeName(presets: readonly Preset[], name: string): string {
  const isTaken = (candidate: string): boolean => presets.some((other) => other.name === candidate);
  let free = name;
  for (let number = 2; isTaken(free); number += 1) {
    const ending = ` ${String(number)}`;
    free = `${name.slice(0, MAX_PRESET_NAME - ending.length)}${ending}`;
  }
  return free;
}
