/** A model from a local stand-in for Hugging Face: downloaded through a kill, moved and used, without leaking the token. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from '@playwright/test';
import { answerFolderDialog, descendants, expect, isAlive, killApp, test } from './harness';
import { fillForm, generateButton, INSTALL_MS, readySlot, slices, waitForJob } from './steps';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const REPO = 'splitreel/little';
const TOKEN = 'hf_canaryE2E0123456789abcdef';

interface Hub {
  readonly child: ChildProcess;
  readonly endpoint: string;
  readonly log: () => string;
}

async function startHub(folder: string): Promise<Hub> {
  const file = path.join(folder, 'hub.log');
  writeFileSync(file, '');
  const script = path.join(ROOT, 'python', 'tests', 'fakes', 'hub.py');
  const demo = path.join(ROOT, 'resources', 'demo');
  const args = [script, '--model', `${REPO}=${demo}`, '--log', file, '--bytes-per-second', '900000'];
  const child = spawn('python3', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  return {
    child,
    endpoint: (JSON.parse(line) as { endpoint: string }).endpoint,
    log: () => readFileSync(file, 'utf8'),
  };
}

function freshData(): string {
  const data = mkdtempSync(path.join(tmpdir(), 'splitreel-e2e-'));
  const offer = {
    id: 'little',
    name: 'Little',
    description: 'The demo model under another name.',
    repositories: [REPO],
    license: { name: 'Apache 2.0', isOpen: true },
    task: 'text-to-video',
  };
  writeFileSync(path.join(data, 'catalog.json'), JSON.stringify({ version: 1, models: [offer] }));
  return data;
}

const go = (page: Page, place: string) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: place }).click();
const little = async (page: Page) => (await slices(page)).models.find(({ id }) => id === 'little');
const doneBytes = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        // Snapshots don't include progress, which is pushed.
        const stop = window.splitreel.onSliceChanged((change) => {
          if (change.slice !== 'downloads') return;
          stop();
          resolve(change.value[0]?.progress?.doneBytes ?? 0);
        });
      }),
  );

/** Files below a folder that contain the text. Skips links and installed packages. */
function filesWith(folder: string, text: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name === 'slots') continue;
    if (entry.isDirectory()) found.push(...filesWith(full, text));
    else if (entry.isFile() && readFileSync(full).includes(text)) found.push(full);
  }
  return found;
}

/** Processes of this user whose arguments or environment contain the text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) =>
      ['environ', 'cmdline'].some((file) => {
        try {
          return readFileSync(path.join('/proc', pid, file)).includes(text);
        } catch {
          return false;
        }
      }),
    );
}

test('from a fresh install: a model is downloaded through kill -9, moved and used, and the token is stored nowhere', async ({
  launch,
}) => {
  test.setTimeout(2 * INSTALL_MS);
  const dataFolder = freshData();
  const hub = await startHub(dataFolder);
  const first = await launch({ dataFolder, withPackageCache: true });
  await first.page.getByRole('button', { name: 'Install', exact: true }).click();
  await readySlot(first.page);
  await test.step('the server and the account are set in the window', async () => {
    await go(first.page, 'Settings');
    await first.page.getByLabel('Hugging Face mirror').fill(hub.endpoint);
    await first.app.evaluate(({ dialog }) => {
      dialog.showMessageBox = () => Promise.resolve({ response: 1, checkboxChecked: false });
    });
    await first.page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(async () => (await slices(first.page)).settings.hubMirror).toBe(hub.endpoint);
    const models = first.page.getByRole('region', { name: 'Models' });
    await models.getByRole('button', { name: 'Sign in' }).click();
    await first.page.getByRole('textbox', { name: 'Access token' }).fill(TOKEN);
    await first.page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click();
    await expect(models.getByRole('button', { name: 'Sign out' })).toBeVisible();
    await models.scrollIntoViewIfNeeded();
    await first.screenshot('models-settings');
  });
  await go(first.page, 'Models');
  await first.screenshot('models-catalog');
  const card = first.page.getByRole('listitem', { name: 'Little' });
  await card.getByRole('button', { name: 'Download' }).click();
  const dialog = first.page.getByRole('dialog');
  await expect(dialog.getByText(/MB in 10 files/)).toBeVisible({ timeout: 60_000 });
  await first.screenshot('models-offer');
  await dialog.getByRole('button', { name: 'Download' }).click();
  await expect.poll(() => doneBytes(first.page), { timeout: 60_000 }).toBeGreaterThan(2_000_000);
  await first.screenshot('models-downloading');
  const family = descendants(first.pid);
  expect(processesWith(TOKEN)).toEqual([]);

  await killApp(first);
  await expect.poll(() => family.filter(isAlive)).toEqual([]);

  const second = await launch({ dataFolder });
  await go(second.page, 'Models');
  await expect.poll(async () => (await little(second.page))?.state.status, { timeout: 120_000 }).toBe('ready');
  const sent = hub
    .log()
    .split('\n')
    .filter((line) => line.includes('"sent"'));
  const served = sent.reduce((sum, line) => sum + (JSON.parse(line) as { sent: number }).sent, 0);
  const size = (await little(second.page))?.sizeBytes ?? 0;
  // Besides the weights: the configs, and what was in flight when the app was killed.
  expect(served).toBeLessThan(size + 700_000);
  await second.screenshot('models-ready');

  await test.step('the models folder is moved', async () => {
    const other = path.join(dataFolder, 'elsewhere');
    mkdirSync(other);
    await answerFolderDialog(second.app, other);
    await go(second.page, 'Settings');
    await second.page.getByRole('button', { name: 'Move', exact: true }).click();
    await expect.poll(async () => (await little(second.page))?.path).toBe(path.join(other, 'little'));
    expect(statSync(path.join(other, 'little', 'model_index.json')).isFile()).toBe(true);
  });

  await go(second.page, 'Models');
  await second.page.getByRole('listitem', { name: 'Little' }).getByRole('button', { name: 'Use' }).click();
  await fillForm(second.page, { steps: 2 });
  await generateButton(second.page).click();
  await waitForJob(second.page, 'finished');
  expect((await slices(second.page)).jobs.at(-1)?.request.modelId).toBe('little');

  expect(hub.log()).not.toContain(TOKEN);
  // A running app replaces and removes files while they are read.
  await second.app.close();
  expect(filesWith(dataFolder, TOKEN)).toEqual([]);
  hub.child.stdin?.end();
});
