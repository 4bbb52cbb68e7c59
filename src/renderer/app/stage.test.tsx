/** What stays on the stage, and what is below it, on a fake main process. */
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../test/connect-window';
import { fakeMain, gpu, job, MODEL, SLICES, video, type FakeMain } from '../../../test/fakes/main-process';
import { request } from '../../../test/fakes/request';
import { catalogEntrySchema } from '../../shared/catalog';
import type { Slices } from '../../shared/ipc';
import { copy } from '../copy';
import { goTo } from '../state/navigation';
import { App } from './App';

async function open(changes: Partial<Slices>, answers: Parameters<typeof fakeMain>[1] = {}): Promise<FakeMain> {
  const main = fakeMain(changes, answers);
  connectWindow(main);
  render(<App />);
  await screen.findByRole('navigation');
  return main;
}

const report = (totalMs: number) => ({
  totalMs,
  msPerStep: 500,
  weightBytesRead: 0,
  stages: [],
  ranks: [],
  notices: [],
});
const finished = (id: string, videoIds: string[], totalMs = 20_000) =>
  job({ status: 'finished', videoIds, report: report(totalMs) }, `the prompt of ${id}`, id);
const running = (id: string) => job({ status: 'running' }, `the prompt of ${id}`, id);
const about = () => screen.getByRole('region', { name: copy.player.about });
const playing = () => screen.getByLabelText(new RegExp(`^${copy.player.video}: `));
const progress = (jobId: string): NonNullable<Slices['progress']> => ({
  jobId,
  videos: [],
  ranks: [],
  msPerStep: null,
  msLeft: null,
});

test('below a video is its own report, if there is one', async () => {
  const mine = { ...report(90_000), peaks: [] };
  const { ranks: _ranks, ...kept } = mine;
  await open({
    library: [
      video('new'),
      video('old', { report: kept, request: request({ prompt: 'an old one', seed: 9 }) }),
      video('bare'),
    ],
    jobs: [finished('j', ['new'])],
    progress: progress('j'),
  });
  const user = userEvent.setup();
  expect(about()).toHaveTextContent('Generated in 20 s');
  await user.click(screen.getByRole('button', { name: copy.library.open({ prompt: 'an old one' }) }));
  expect(about()).toHaveTextContent('an old one');
  expect(about()).toHaveTextContent('Generated in 1 min 30 s');
  expect(about()).toHaveTextContent('seed 9');
  expect(about()).not.toHaveTextContent('20 s');
  await user.click(screen.getByRole('button', { name: copy.library.open({ prompt: 'the video bare' }) }));
  expect(about()).not.toHaveTextContent('Generated in');
});

test('a finished video keeps the stage when the next job starts, until the user opens the running one', async () => {
  const main = await open({ jobs: [running('a'), job({ status: 'queued' }, 'b')] });
  expect(screen.getByText(copy.stage.waitingPreview)).toBeVisible();
  act(() => {
    main.push('library', [video('one')]);
    main.push('jobs', [finished('a', ['one']), running('b')]);
  });
  expect(playing()).toBeVisible();
  const [button] = screen.getAllByRole('button', { name: copy.stage.backToJob });
  await userEvent.setup().click(button ?? document.body);
  expect(screen.getByText(copy.stage.waitingPreview)).toBeVisible();
});

test('a job that has run for a while shows so at once, also when the page is opened again', async () => {
  const stage = { stage: 'denoising', status: 'running', completed: 3, total: 60, elapsedMs: 83_000 } as const;
  const only = { stages: [stage], previewUrl: null, previewStep: null, videoId: null, error: null };
  await open({ jobs: [running('a')], progress: { ...progress('a'), videos: [only] } });
  expect(screen.getByText(/1 min 23 s elapsed/)).toBeVisible();
  act(() => goTo('library'));
  act(() => goTo('create'));
  expect(screen.getByText(/1 min 23 s elapsed/)).toBeVisible();
});

test('all videos of a job are shown, and each can be opened and left again', async () => {
  await open({
    library: [video('c'), video('b'), video('a')],
    jobs: [finished('j', ['a', 'b', 'c'])],
    progress: progress('j'),
  });
  const user = userEvent.setup();
  const results = () => screen.getByRole('list', { name: copy.stage.results });
  const opening = () => within(results()).getAllByRole('button', { name: /^Open the video/ });
  expect(opening()).toHaveLength(3);
  await user.click(opening()[1] ?? results());
  expect(playing()).toHaveAccessibleName(/the video b$/);
  await user.click(screen.getByRole('button', { name: copy.stage.allResults }));
  expect(results()).toBeVisible();
  await user.click(within(about()).getByRole('button', { name: copy.compare.start }));
  const compared = within(screen.getByRole('region', { name: copy.compare.title }));
  expect(
    compared.getAllByRole('button', { name: new RegExp(`^${copy.compare.removeVideo({ name: '' })}`) }),
  ).toHaveLength(3);
});

test('after a start the newest video is on the stage', async () => {
  await open({ library: [video('new'), video('old')] });
  expect(playing()).toHaveAccessibleName(/the video new$/);
});

test('a first start takes one press for the engine and one for the first video', async () => {
  const main = await open({ environment: { status: 'missing' } });
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: copy.stage.install }));
  expect(main.callsOf('installEnvironment')).toEqual([undefined]);
  act(() => main.push('environment', SLICES.environment));
  await user.click(screen.getByRole('button', { name: copy.create.tryExample({ example: 'a red ball' }) }));
  expect(main.callsOf('enqueueJobs')).toMatchObject([
    { jobs: [{ request: { prompt: 'a red ball', modelId: 'demo' } }] },
  ]);
  expect(screen.getByLabelText('Prompt')).toHaveValue('a red ball');
});

test('with a GPU a suitable model is offered, with its size before the download', async () => {
  const offer = catalogEntrySchema.parse({
    id: 'large',
    name: 'Large',
    description: '',
    repositories: ['someone/large'],
    license: { name: 'MIT', isOpen: true },
    task: 'text-to-video',
    memory: { offloadedGb: 5, wholeGb: 15 },
  });
  const large = { ...MODEL, id: 'large', name: 'Large', offer, state: { status: 'absent' as const } };
  const size = { fileCount: 12, totalBytes: 21e9, doneBytes: 0, freeBytes: 100e9, folder: '/models/large' };
  const main = await open(
    { models: [MODEL, large], machine: { ...SLICES.machine, gpus: [gpu(0)] } },
    { inspectDownload: size },
  );
  await userEvent.setup().click(screen.getByRole('button', { name: copy.stage.getModel({ model: 'Large' }) }));
  await screen.findByText(copy.models.takes({ size: '21.0 GB', files: 12 }));
  expect(main.callsOf('inspectDownload')).toEqual([{ modelId: 'large' }]);
  expect(main.callsOf('downloadModel')).toEqual([]);
});

const openMore = async (): Promise<void> =>
  userEvent.setup().click(within(about()).getByRole('button', { name: copy.videos.more }));
const choices = () => screen.getAllByRole('menuitem').map(({ textContent }) => textContent);

test('an approximate video says how many steps were computed, and can be generated again in exact quality', async () => {
  const asked = request({ prompt: 'a fast one', seed: 9, quality: 'fast', numInferenceSteps: 50 });
  const main = await open({ library: [video('fast', { request: asked })], jobs: [finished('j', ['fast'])] });
  expect(about()).toHaveTextContent(copy.progress.computed({ computed: 20, steps: 50, predicted: 30 }));
  await openMore();
  await userEvent.setup().click(screen.getByRole('menuitem', { name: copy.videos.makeExact }));
  expect(main.callsOf('enqueueJobs')).toMatchObject([
    { jobs: [{ request: { prompt: 'a fast one', seed: 9, quality: 'exact' } }] },
  ]);
});

test('every action of a video is a named button or in the menu, and none is in both', async () => {
  const { makeAgain, useSettings, copyPrompt, saveAs, showInFolder } = copy.videos;
  const common = [copy.nextVideo.continue, copy.compare.start, copy.export.open, copy.videos.more];
  const buttons = () =>
    within(about())
      .getAllByRole('button')
      .map(({ textContent }) => textContent);
  const full = request({ numInferenceSteps: MODEL.defaults.numInferenceSteps });
  const draft = request({ prompt: 'a draft' });
  await open({ library: [video('full', { request: full }), video('draft', { request: draft })] });
  expect(buttons().slice(0, 6)).toEqual([copy.player.drag, makeAgain, ...common]);
  await openMore();
  expect(choices()).toEqual([useSettings, copyPrompt, saveAs, showInFolder, copy.videos.delete]);
  await userEvent.setup().keyboard('{Escape}');
  await userEvent.setup().click(screen.getByRole('button', { name: copy.library.open({ prompt: 'a draft' }) }));
  expect(buttons().slice(0, 6)).toEqual([copy.player.drag, copy.results.finish, ...common]);
  await openMore();
  expect(choices()).toEqual([makeAgain, useSettings, copyPrompt, saveAs, showInFolder, copy.videos.delete]);
});

test('a right click on the video opens its actions, with the keys that work on the stage', async () => {
  const main = await open({ library: [video('one')] });
  fireEvent.contextMenu(playing());
  expect(choices()).not.toContain(copy.videos.open);
  expect(screen.getByRole('menuitem', { name: copy.videos.export })).toHaveTextContent(/E$/);
  expect(screen.getByRole('menuitem', { name: copy.videos.delete })).not.toHaveTextContent(/Del$/);
  await userEvent.setup().click(screen.getByRole('menuitem', { name: copy.videos.delete }));
  expect(main.callsOf('discardVideos')).toEqual([{ videoIds: ['one'] }]);
});

test('the menu is used by keyboard: letters find an action, Enter runs it, Esc goes back to the button', async () => {
  const main = await open({ library: [video('one')] }, { saveVideoAs: '/home/jo/copy.mp4' });
  const user = userEvent.setup();
  const more = within(about()).getByRole('button', { name: copy.videos.more });
  more.focus();
  await user.keyboard('{Enter}');
  expect(screen.getByRole('menu', { name: copy.videos.menu })).toBeVisible();
  await user.keyboard('{Escape}');
  expect(more).toHaveFocus();
  await user.keyboard('{Enter}save{Enter}');
  expect(main.callsOf('saveVideoAs')).toEqual([{ videoId: 'one' }]);
  expect(await screen.findByText(copy.errors.saved({ path: '/home/jo/copy.mp4' }))).toBeVisible();
});

test('C, E and T compare, export and tag the video on the stage', async () => {
  await open({ library: [video('one')] });
  const user = userEvent.setup();
  await user.keyboard('e');
  const exporting = screen.getByRole('dialog', { name: copy.export.title });
  await user.click(within(exporting).getByRole('button', { name: copy.app.cancel }));
  await user.keyboard('t');
  const tagging = screen.getByRole('dialog', { name: copy.tagEditor.title({ count: 1 }) });
  await user.click(within(tagging).getByRole('button', { name: copy.tagEditor.done }));
  await user.keyboard('c');
  expect(screen.getByRole('region', { name: copy.compare.title })).toBeVisible();
  await user.keyboard('c');
  expect(screen.queryByRole('region', { name: copy.compare.title })).toBeNull();
});

test('the videos of a running job fill a grid: waiting, its preview, then the video itself', async () => {
  const stagesOf = { stages: [], previewUrl: null, previewStep: null, videoId: null, error: null };
  const three = { ...running('a'), request: request({ prompt: 'a dog', seed: 7, videoCount: 3 }) };
  await open({
    library: [video('one')],
    jobs: [three],
    progress: {
      ...progress('a'),
      videos: [
        { ...stagesOf, videoId: 'one' },
        { ...stagesOf, previewUrl: 'app://splitreel/preview/a/1/5', previewStep: 5 },
        stagesOf,
      ],
    },
  });
  const cells = within(screen.getByRole('region', { name: copy.stage.label })).getAllByRole('figure');
  expect(cells.map((cell) => cell.textContent)).toEqual([
    'seed 7',
    `seed 8, ${copy.stage.preview({ step: 5 })}`,
    `seed 9, ${copy.stage.waitingVideo}`,
  ]);
  expect(cells.map((cell) => cell.querySelectorAll('video, img').length)).toEqual([1, 1, 0]);
});

test('of several results one is kept, one discarded and brought back, one finished', async () => {
  const draft = (id: string, seed: number) => video(id, { request: request({ seed, numInferenceSteps: 10 }) });
  const main = await open({
    library: [draft('b', 8), draft('a', 7)],
    jobs: [finished('j', ['a', 'b'])],
    progress: progress('j'),
  });
  const user = userEvent.setup();
  const results = within(screen.getByRole('list', { name: copy.stage.results }));
  const press = (action: string, seed: string) =>
    user.click(results.getByRole('button', { name: copy.results.of({ action, seed }) }));
  await press(copy.results.keep, 'seed 8');
  await press(copy.results.discard, 'seed 7');
  expect(main.callsOf('discardVideos')).toEqual([{ videoIds: ['a'] }, { videoIds: ['a'] }]);
  await user.click(screen.getAllByRole('button', { name: copy.app.undo })[0] ?? document.body);
  expect(main.callsOf('restoreVideos')).toEqual([{ videoIds: ['a'] }]);
  await press(copy.results.finish, 'seed 8');
  expect(main.callsOf('enqueueJobs')).toMatchObject([
    { jobs: [{ request: { seed: 8, numInferenceSteps: 50, videoCount: 1 } }] },
  ]);
});
