/** Everything that replaces the form's contents: videos, examples, prompts, presets, dropped files. */
import type { VideoMetadata } from '../../shared/library';
import type { ModelEntry } from '../../shared/models';
import { presetSettings, type Preset } from '../../shared/presets';
import { hasLines } from '../../shared/prompt-list';
import type { GenerateRequest } from '../../shared/sampling';
import { copy } from '../copy';
import { currentFromSlices, requestForModel, requestForOtherModel, takesImage, type Draft } from './draft';
import { goTo } from './navigation';
import { send, showToast } from './send';
import { placeDraft, undo } from './undo';

/** If this replaces a prompt, a toast offers to undo it. */
function replaceDraft(next: Draft, text: string | null): void {
  const before = currentFromSlices()?.draft ?? null;
  placeDraft(next);
  const isLost =
    before !== null && before.request.prompt.trim() !== '' && before.request.prompt !== next.request.prompt;
  if (isLost) showToast(text ?? copy.app.promptReplaced, { label: copy.app.undo, run: undo });
  else if (text !== null) showToast(text);
}

/** Fills the form with a video's settings and, as far as this computer allows, its plan. */
export function adoptVideo({ request, plan }: Pick<VideoMetadata, 'request' | 'plan'>): void {
  replaceDraft(
    { request, plan, isPlanAutomatic: false, isSeedLocked: true, isPromptList: false },
    copy.app.settingsReused,
  );
  goTo('create');
}

/** As adoptVideo, from a video file: a dropped one (its path), or one chosen in the system's dialog (null). */
export async function adoptVideoFile(path: string | null): Promise<void> {
  const metadata = await send(window.splitreel.readVideoSettings({ path }));
  if (metadata !== null) adoptVideo(metadata);
}

/** Switches to another model. Settings for a missing model are kept, as far as this one supports them. */
export function adoptModel(model: ModelEntry): void {
  const current = currentFromSlices();
  if (current === null) return;
  const { draft } = current;
  const forModel = current.model === null ? requestForOtherModel : requestForModel;
  placeDraft({ ...draft, request: forModel(draft.request, model) });
  goTo('create');
}

/** Makes an image the first frame, if the model starts from one. */
export function adoptImage(imagePath: string): void {
  const current = currentFromSlices();
  if (current === null) return;
  goTo('create');
  if (takesImage(current.model)) placeDraft({ ...current.draft, request: { ...current.draft.request, imagePath } });
  else showToast(copy.app.imageNotUsed);
}

export const adoptPrompt = (prompt: string, isPromptList = false): void =>
  placePrompt({ prompt, rewrittenFrom: null }, isPromptList);

export const adoptRewritten = (prompt: string, rewrittenFrom: string): void =>
  placePrompt({ prompt, rewrittenFrom }, false);

function placePrompt(change: Pick<GenerateRequest, 'prompt' | 'rewrittenFrom'>, isPromptList: boolean): void {
  const current = currentFromSlices();
  if (current === null) return;
  replaceDraft({ ...current.draft, isPromptList, request: { ...current.draft.request, ...change } }, null);
  goTo('create');
}

/** Prompts from a text file, one on each line: a dropped one, or one chosen in the system's dialog (null). */
export async function adoptPromptFile(path: string | null): Promise<void> {
  const text = await send(window.splitreel.readPromptFile({ path }));
  if (text !== null) adoptPrompt(text, hasLines(text));
}

/** Applies a preset's settings and keeps the form's prompt, image and seed. */
export function adoptPreset(preset: Preset): void {
  const current = currentFromSlices();
  if (current === null) return;
  placeDraft({ ...current.draft, request: { ...current.draft.request, ...preset.settings } });
  showToast(copy.presets.used({ name: preset.name }), { label: copy.app.undo, run: undo });
  goTo('create');
}

/** Saves the form's settings. */
export async function savePreset(name: string): Promise<void> {
  const current = currentFromSlices();
  if (current === null) return;
  const saved = await send(window.splitreel.savePreset({ name, settings: presetSettings(current.draft.request) }));
  if (saved !== null) showToast(copy.presets.saved({ name }));
}

/** From a file that was dropped, or one chosen in the system's dialog (null). */
export async function importPresets(path: string | null): Promise<void> {
  const count = await send(window.splitreel.importPresets({ path }));
  if (count !== null) showToast(copy.presets.imported({ count }));
}
