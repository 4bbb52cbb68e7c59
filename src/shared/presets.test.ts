import { expect, test } from 'vitest';
import { request } from '../../test/fakes/request';
import {
  MAX_PRESET_NAME,
  MAX_PRESETS,
  presetFileSchema,
  presetSettings,
  withImported,
  withPreset,
  type Preset,
} from './presets';

const preset = (name: string, steps = 50): Preset => ({
  name,
  settings: presetSettings(request({ numInferenceSteps: steps })),
});
const names = (presets: readonly Preset[] | null): readonly string[] => (presets ?? []).map(({ name }) => name);

test('a preset contains the settings without what belongs to one video', () => {
  const settings: object = preset('a').settings;
  expect(settings).toMatchObject({ modelId: 'demo', numInferenceSteps: 50 });
  for (const key of ['prompt', 'imagePath', 'seed']) expect(settings).not.toHaveProperty(key);
});

test('saving replaces a preset of the same name; importing keeps both, and adds an identical one once', () => {
  const saved = [preset('a'), preset('b')];
  expect(withPreset([preset('b')], preset('a'))).toEqual(saved);
  expect(withPreset(saved, preset('a', 9))?.map(({ settings }) => settings.numInferenceSteps)).toEqual([9, 50]);
  expect(names(withImported(saved, [preset('a'), preset('a', 9), preset('c')]))).toEqual(['a', 'a 2', 'b', 'c']);
  const long = 'x'.repeat(MAX_PRESET_NAME);
  expect(names(withImported([preset(long)], [preset(long, 9)]))[0]).toHaveLength(MAX_PRESET_NAME);
});

test('no preset is dropped for one too many', () => {
  const full = Array.from({ length: MAX_PRESETS }, (_, index) => preset(`p${String(index)}`));
  expect(withPreset(full, preset('a'))).toBeNull();
  expect(withPreset(full, preset('p0', 9))).toHaveLength(MAX_PRESETS);
  expect(withImported(full, [preset('p0'), preset('a')])).toBeNull();
  expect(withImported(full, [preset('p0')])).toEqual(full);
});

test.each([
  ['another version', { splitreelPresets: 2, presets: [] }],
  ['a name of spaces', { splitreelPresets: 1, presets: [{ ...preset('a'), name: '  ' }] }],
  ['settings of wrong types', { splitreelPresets: 1, presets: [{ name: 'a', settings: { width: '720' } }] }],
  ['too many', { splitreelPresets: 1, presets: Array.from({ length: 501 }, (_, index) => preset(String(index))) }],
])('a file with %s is refused', (_what, file) => {
  expect(presetFileSchema.safeParse(file).success).toBe(false);
});
