/** Undo and redo for everything that replaces the form. */
import { beforeEach, expect, test } from 'vitest';
import { fakeMain, MODEL, SLICES } from '../../../test/fakes/main-process';
import { request } from '../../../test/fakes/request';
import { ONE_RANK } from '../../shared/plan';
import { presetSettings } from '../../shared/presets';
import { adoptPreset, adoptPrompt, adoptPromptFile, adoptVideo } from './adopt';
import { changeDraft, useDraft } from './draft';
import { useProjection } from './projection';
import { forgetUndo, isAsPlaced, redo, undo } from './undo';

beforeEach(() => {
  const main = fakeMain({}, { readPromptFile: 'one\ntwo' });
  Object.defineProperty(window, 'splitreel', { value: main.api, configurable: true, writable: true });
  useProjection.setState({ revision: 1, slices: SLICES });
  useDraft.setState({ draft: null });
  forgetUndo();
});

const draft = () => useDraft.getState().draft;
const type = (prompt: string): void =>
  changeDraft({
    request: request({ modelId: MODEL.id, prompt }),
    plan: ONE_RANK,
    isPlanAutomatic: true,
    isSeedLocked: false,
    isPromptList: false,
  });

test('undo goes back over a video, an example, a preset and a list; redo restores them with the edits between', async () => {
  type('typed');
  adoptVideo({ request: request({ prompt: 'of a video', seed: 9 }), plan: ONE_RANK });
  adoptPrompt('an example');
  adoptPreset({ name: 'short', settings: presetSettings(request({ numFrames: 9 })) });
  await adoptPromptFile(null);
  expect(draft()).toMatchObject({ isPromptList: true, request: { prompt: 'one\ntwo', numFrames: 9 } });
  undo();
  undo();
  expect(draft()).toMatchObject({ isPromptList: false, request: { prompt: 'an example', numFrames: 49 } });
  undo();
  expect(draft()).toMatchObject({ isSeedLocked: true, request: { prompt: 'of a video', seed: 9 } });
  undo();
  undo();
  expect(draft()?.request.prompt).toBe('typed');
  type('typed on');
  redo();
  expect(draft()?.request.prompt).toBe('of a video');
  undo();
  expect(draft()?.request.prompt).toBe('typed on');
});

test('a replacement clears redo', () => {
  type('a');
  adoptPrompt('b');
  undo();
  adoptPrompt('c');
  redo();
  expect(draft()?.request.prompt).toBe('c');
});

test('edits since then are known, so that a field can undo them first', () => {
  type('a');
  adoptPrompt('b');
  expect(isAsPlaced()).toBe(true);
  type('b and more');
  expect(isAsPlaced()).toBe(false);
});
