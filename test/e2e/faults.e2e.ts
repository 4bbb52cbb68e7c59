/** Crashes and invalid requests: one app, one worker and its ranks, killed at the worst moments. */
import { type Page } from '@playwright/test';
import { commandLine, descendants, expect, isAlive, killApp, parentOf, test, type RunningApp } from './harness';
import { DEMO_SENTENCE, fillForm, generateButton, slices, waitForJob, waitForStep } from './steps';

/** As many steps as a job may have, so that it is still running when the test looks. */
const LONG = 500;

/** The supervisor and its descendants: the zygote and the ranks below it. */
function worker({ processTree }: RunningApp): { readonly supervisor: number; readonly ranks: readonly number[] } {
  const supervisor = processTree().find((pid) => /python serve\s*$/.test(commandLine(pid)));
  if (supervisor === undefined) throw new Error('no supervisor runs');
  // Ranks are forked from the zygote, so they have its command line; the token counter has another.
  const forked = descendants(supervisor).filter((pid) => commandLine(pid).includes(' -c '));
  return { supervisor, ranks: forked.filter((pid) => parentOf(pid) !== supervisor) };
}

async function startLong(page: Page, ranks: number): Promise<void> {
  await fillForm(page, { ranks, steps: LONG });
  await generateButton(page).click();
  await waitForStep(page, 2);
}

async function makesOne(page: Page, at: number): Promise<void> {
  await fillForm(page, { steps: 4 });
  await generateButton(page).click();
  await waitForJob(page, 'finished', at);
}

test('a running video is canceled after a confirmation, and the same ranks generate the next one', async ({
  launch,
}) => {
  const running = await launch({ withEnvironment: true });
  const { page, screenshot } = running;
  await startLong(page, 2);
  const before = worker(running).ranks;
  await page.keyboard.press('Escape');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Cancel this video?');
  await screenshot('cancel-question');
  await dialog.getByRole('button', { name: 'Cancel video' }).click();
  await waitForJob(page, 'canceled');
  await expect(page.getByText('Nothing was saved.')).toBeVisible();
  expect((await slices(page)).library).toEqual([]);
  await fillForm(page, { ranks: 2, steps: 4 });
  await generateButton(page).click();
  await waitForJob(page, 'finished', 1);
  expect(worker(running).ranks).toEqual(before);
});

test('what the form blocks is refused as a direct call too', async ({ launch }) => {
  const { page } = await launch();
  await expect.poll(async () => (await slices(page)).models.length).toBeGreaterThan(0);
  const answers = await page.evaluate(async (prompt) => {
    const snapshot = await window.splitreel.getSnapshot();
    if (!snapshot.ok) throw new Error('no snapshot');
    const [model] = snapshot.value.slices.models;
    if (model === undefined) throw new Error('no model');
    const request = {
      ...model.defaults,
      modelId: model.id,
      prompt,
      rewrittenFrom: null,
      negativePrompt: '',
      imagePath: null,
      seed: 1,
      videoCount: 1,
    };
    const one = { dp: 1, cfg: 1, pp: 1, ring: 1, ulysses: 1, tp: 1 };
    const devices = Array.from({ length: 8 }, (_, index) => ({ kind: 'cpu' as const, index, uuid: null, name: 'CPU' }));
    const send = async (change: Partial<typeof request>, plan: Partial<typeof one>, extra = {}) => {
      const asked = { request: { ...request, ...change }, plan: { ...one, ...plan }, devices, ...extra };
      const answer = await window.splitreel.enqueueJobs({ jobs: [asked] });
      return answer.ok ? 'accepted' : [answer.error.code, ...answer.error.reasons.map(({ code }) => code)].join(' ');
    };
    return [
      await send({}, { ulysses: 5 }),
      await send({}, { cfg: 3 }),
      await send({ guidanceScale: 1 }, { cfg: 2 }),
      await send({ numFrames: 50 }, {}),
      await send({ width: 97 }, {}),
      await send({ prompt: ' ' }, {}),
      await send({}, { ulysses: 12 }),
      await send({ modelId: '../../etc' }, {}),
      await send({}, { ulysses: 0 }),
    ];
  }, DEMO_SENTENCE);
  expect(answers).toEqual([
    'PLAN_INVALID heads_not_shared',
    'PLAN_INVALID cfg_not_two',
    'PLAN_INVALID cfg_without_guidance',
    'REQUEST_INVALID frames_out_of_range',
    'REQUEST_INVALID size_not_multiple',
    'REQUEST_INVALID prompt_empty',
    'PLAN_INVALID ranks_exceed_cpu',
    'MODEL_MISSING',
    'CALL_REFUSED',
  ]);
  expect((await slices(page)).jobs).toEqual([]);
});

test('kill -9 of a rank, then of the supervisor: each is reported, nothing is left, and the next job runs', async ({
  launch,
}) => {
  const running = await launch({ withEnvironment: true });
  const { page, screenshot } = running;
  await startLong(page, 2);
  const first = worker(running);
  process.kill(first.ranks[1] ?? 0, 'SIGKILL');
  await waitForJob(page, 'failed');
  await expect(page.getByText(/^Worker 1 stopped unexpectedly during/)).toBeVisible();
  await screenshot('rank-killed');
  await expect.poll(() => first.ranks.filter(isAlive)).toEqual([]);

  await startLong(page, 2);
  const second = worker(running);
  process.kill(second.supervisor, 'SIGKILL');
  await expect.poll(() => second.ranks.filter(isAlive)).toEqual([]);
  await waitForJob(page, 'failed', 1);
  expect((await slices(page)).jobs[1]?.state).toMatchObject({ error: { code: 'WORKER_DIED' } });
  await makesOne(page, 2);
  expect((await slices(page)).library).toHaveLength(1);
});

test('kill -9 of the app: no process is left, the job is interrupted, and the queue continues in order', async ({
  launch,
}) => {
  const running = await launch({ withEnvironment: true });
  const { page, dataFolder } = running;
  await startLong(page, 2);
  await fillForm(page, { prompt: 'a green star', steps: 4 });
  await generateButton(page).click();
  await fillForm(page, { prompt: 'a blue square', steps: 4 });
  await generateButton(page).click();
  await expect.poll(async () => (await slices(page)).jobs.length).toBe(3);
  await page.getByRole('button', { name: 'Move up' }).last().click();
  await expect
    .poll(async () => (await slices(page)).jobs.map(({ request }) => request.prompt))
    .toEqual([DEMO_SENTENCE, 'a blue square', 'a green star']);
  const tree = running.processTree();
  await killApp(running);
  await expect.poll(() => tree.filter(isAlive)).toEqual([]);

  const again = await launch({ dataFolder });
  const stateOf = async (at: number) => (await slices(again.page)).jobs[at]?.state.status;
  await expect.poll(() => stateOf(0)).toBe('interrupted');
  await again.screenshot('interrupted');
  await waitForJob(again.page, 'finished', 1);
  await waitForJob(again.page, 'finished', 2);
  const prompts = (await slices(again.page)).library.map(({ metadata }) => metadata.request.prompt);
  // Newest first.
  expect(prompts).toEqual(['a green star', 'a blue square']);
});

test('kill -9 of the app right after the last change to the form: the change is kept', async ({ launch }) => {
  const running = await launch({ withEnvironment: true });
  const { page, dataFolder } = running;
  await page.getByLabel('Prompt', { exact: true }).fill('a green star');
  // The form disappears immediately, but its contents are saved.
  await page.keyboard.press('Control+4');
  await expect.poll(async () => (await slices(page)).settings.draft?.request.prompt).toBe('a green star');
  await killApp(running);

  const again = await launch({ dataFolder });
  await expect(again.page.getByLabel('Prompt', { exact: true })).toHaveValue('a green star');
});

test('a page that is reloaded, or crashes, finds its job again where it is', async ({ launch }) => {
  const { app, page } = await launch({ withEnvironment: true });
  await startLong(page, 1);
  const [before] = (await slices(page)).jobs;
  await page.reload();
  await expect(page.getByRole('button', { name: 'Cancel', exact: true })).toBeVisible();
  const [after] = (await slices(page)).jobs;
  expect(after?.id).toBe(before?.id);
  expect(after?.state.status).toBe('running');
  const crashed = page.waitForEvent('crash');
  await app.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
  });
  await crashed;
  // Playwright can't recover a crashed page, so the test reads the window's contents through main.
  const shown = () =>
    app.evaluate(async ({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      if (contents === undefined || contents.isCrashed() || contents.isLoading()) return '';
      return (await contents.executeJavaScript('document.body.innerText')) as string;
    });
  await expect.poll(shown).toContain(DEMO_SENTENCE);
  await expect.poll(shown).toContain('Denoising');
});
