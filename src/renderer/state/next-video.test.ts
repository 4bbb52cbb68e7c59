/** A video's frame or its end as the start of another video, depending on the installed models. */
import { beforeEach, expect, test } from 'vitest';
import { fakeMain, MODEL, SLICES, video, type FakeMain } from '../../../test/fakes/main-process';
import type { ModelEntry } from '../../shared/models';
import { currentDraft, useDraft } from './draft';
import { useProjection } from './projection';
import { useToasts } from './send';
import { continueVideo, takeFrame } from './next-video';

const IMAGE = '/data/first-frames/a-frame-3.png';
const made = video('made');
const { width, height } = made.metadata.request;
const shape = MODEL.state.status === 'ready' ? MODEL.state.shape : null;
if (shape === null) throw new Error('the fake model is ready');
const animator: ModelEntry = {
  ...MODEL,
  id: 'animator',
  name: 'Animator',
  state: { status: 'ready', shape: { ...shape, task: 'image-to-video', positions: 'rope' } },
};
/** It only makes another size. */
const rigid: ModelEntry = {
  ...animator,
  id: 'rigid',
  name: 'Rigid',
  state: {
    status: 'ready',
    shape: { ...shape, task: 'image-to-video', positions: 'learned', sampleWidth: width * 2, sampleHeight: height * 2 },
  },
};

let main: FakeMain;

function withModels(models: readonly ModelEntry[]): void {
  main = fakeMain({}, { saveVideoFrame: IMAGE });
  Object.defineProperty(window, 'splitreel', { value: main.api, configurable: true, writable: true });
  useProjection.setState({ revision: 1, slices: { ...SLICES, models: [...models] } });
}

beforeEach(() => {
  useDraft.setState({ draft: null });
  useToasts.setState({ toasts: [] });
});

const draft = () => useDraft.getState().draft;
const toast = () => useToasts.getState().toasts.at(-1);

test('a frame goes to an installed image-to-video model, which is named', async () => {
  withModels([MODEL, animator]);
  await takeFrame(made, 2);
  expect(main.callsOf('saveVideoFrame')).toEqual([{ videoId: 'made', frame: 2 }]);
  expect(draft()?.request).toMatchObject({
    modelId: 'animator',
    imagePath: IMAGE,
    prompt: made.metadata.request.prompt,
  });
  expect(toast()?.text).toMatch(/Frame 3 .* made with Animator\./);
});

test('without such a model a download is offered, and no frame is read', async () => {
  withModels([MODEL, { ...animator, state: { status: 'absent' }, offer: { task: 'image-to-video' } as never }]);
  await takeFrame(made, 2);
  await continueVideo(made);
  expect(main.callsOf('saveVideoFrame')).toEqual([]);
  expect(draft()).toBeNull();
  expect(toast()).toMatchObject({ text: expect.stringContaining('You can download Animator') as string });
  expect(toast()?.action).not.toBeNull();
});

test("a continuation has its video's size and rate, and another image ends it", async () => {
  withModels([rigid, animator]);
  await continueVideo(made);
  expect(main.callsOf('saveVideoFrame')).toEqual([{ videoId: 'made', frame: null }]);
  const continuing = draft();
  expect(continuing).toMatchObject({
    request: { modelId: 'animator', imagePath: IMAGE, width, height, fps: made.metadata.request.fps, videoCount: 1 },
    continues: { videoId: 'made', fileName: made.fileName, imagePath: IMAGE },
  });
  if (continuing === null) throw new Error('the form is filled');
  const other = { ...continuing, request: { ...continuing.request, imagePath: '/other.png' } };
  expect(currentDraft(continuing, [animator])?.draft.continues).toBeDefined();
  expect(currentDraft(other, [animator])?.draft.continues).toBeUndefined();
});

test('a model that cannot make the size is refused with the reason', async () => {
  withModels([rigid]);
  await continueVideo(made);
  expect(draft()).toBeNull();
  expect(toast()?.text).toMatch(/^Rigid can't make .*, so its video couldn't be joined to this one\.$/);
});
