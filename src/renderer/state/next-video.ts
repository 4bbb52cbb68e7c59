/** A finished video as the start of another one: from any frame, or as a continuation of its last one. */
import type { LibraryVideo } from '../../shared/library';
import type { ModelEntry } from '../../shared/models';
import { requestLimits } from '../../shared/request';
import { copy } from '../copy';
import { currentFromSlices, requestForModel, rollSeed, type Draft } from './draft';
import { goTo } from './navigation';
import { useProjection } from './projection';
import { send, showToast } from './send';
import { placeDraft, undo } from './undo';

const strings = copy.nextVideo;

const startsFromImage = ({ state }: ModelEntry): boolean =>
  state.status === 'ready' && state.shape.task === 'image-to-video';

/** Installed models that start from an image, the preferred ones first. */
function imageModels(models: readonly ModelEntry[], preferred: readonly string[]): readonly ModelEntry[] {
  const rank = ({ id }: ModelEntry): number => (preferred.includes(id) ? preferred.indexOf(id) : preferred.length);
  return models.filter(startsFromImage).sort((a, b) => rank(a) - rank(b));
}

function offerModel(models: readonly ModelEntry[]): void {
  const offered = models.find(({ offer }) => offer?.task === 'image-to-video');
  if (offered === undefined) goTo('models');
  else showToast(strings.noModel({ model: offered.name }), { label: copy.stage.addModel, run: () => goTo('models') });
}

/** Makes a frame, counted from 0, the image that the form starts from. */
export async function takeFrame(video: LibraryVideo, frame: number): Promise<void> {
  const current = currentFromSlices();
  const models = useProjection.getState().slices?.models ?? [];
  if (current === null) return;
  const { request } = current.draft;
  const [model] = imageModels(models, [request.modelId, video.metadata.request.modelId]);
  if (model === undefined) {
    offerModel(models);
    return;
  }
  const imagePath = await send(window.splitreel.saveVideoFrame({ videoId: video.id, frame }));
  if (imagePath === null) return;
  const isSame = model.id === request.modelId;
  const { prompt, rewrittenFrom } = request.prompt.trim() === '' ? video.metadata.request : request;
  const settings = isSame ? request : requestForModel(request, model);
  place({ ...current.draft, request: { ...settings, prompt, rewrittenFrom, imagePath } });
  const text = isSame
    ? strings.frameUsed({ frame: frame + 1 })
    : strings.frameUsedWith({ frame: frame + 1, model: model.name });
  showToast(text, { label: copy.app.undo, run: undo });
}

/** Fills the form with a video that continues this one. */
export async function continueVideo(video: LibraryVideo): Promise<void> {
  const current = currentFromSlices();
  const models = useProjection.getState().slices?.models ?? [];
  if (current === null) return;
  const { request } = video.metadata;
  const found = imageModels(models, [request.modelId, current.draft.request.modelId]);
  const { width, height, fps } = request;
  const [any] = found;
  const model = found.find((each) => makesSize(each, { width, height }));
  if (any === undefined) offerModel(models);
  else if (model === undefined) showToast(strings.sizeRefused({ model: any.name, width, height }));
  if (model === undefined) return;
  const imagePath = await send(window.splitreel.saveVideoFrame({ videoId: video.id, frame: null }));
  if (imagePath === null) return;
  const settings = model.id === request.modelId ? request : requestForModel(request, model);
  place({
    ...current.draft,
    isPlanAutomatic: true,
    isSeedLocked: false,
    isPromptList: false,
    request: { ...settings, width, height, fps, imagePath, seed: rollSeed(), videoCount: 1 },
    continues: { videoId: video.id, fileName: video.fileName, imagePath, width, height, fps },
  });
  showToast(strings.continuing({ name: video.fileName }), { label: copy.app.undo, run: undo });
}

function makesSize({ state }: ModelEntry, { width, height }: { readonly width: number; readonly height: number }) {
  if (state.status !== 'ready') return false;
  const { fixedSize, sizeStep, minSide, maxSide } = requestLimits(state.shape);
  if (fixedSize !== null) return fixedSize.width === width && fixedSize.height === height;
  return [width, height].every((side) => side % sizeStep === 0 && side >= minSide && side <= maxSide);
}

function place(draft: Draft): void {
  placeDraft(draft);
  goTo('create');
}
