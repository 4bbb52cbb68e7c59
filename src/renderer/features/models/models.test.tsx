/** The Models page on a fake main process: actions, calls to main, and the progress of downloads. */
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, MODEL, SLICES, type FakeMain } from '../../../../test/fakes/main-process';
import type { CatalogEntry } from '../../../shared/catalog';
import { isHubAddress, type Download } from '../../../shared/download';
import { appError } from '../../../shared/errors';
import type { Slices } from '../../../shared/ipc';
import type { ModelEntry } from '../../../shared/models';
import { copy } from '../../copy';
import { figuresOf } from './DownloadProgress';
import { TooltipProvider } from '../../ui/Tooltip';
import { HubSettings } from './HubSettings';
import { ModelsPage } from './ModelsPage';

const running: Download = {
  modelId: 'x',
  isRepair: false,
  state: { status: 'running', stage: 'fetching' },
  progress: { doneBytes: 3e9, totalBytes: 21e9, bytesPerSecond: 50e6, secondsLeft: 360 },
};

test('a download shows only measured values', () => {
  expect(figuresOf(running)).toBe('Downloading, 3.0\u00a0GB of 21.0\u00a0GB, 50.0\u00a0MB/s, 6 min 0 s left');
  expect(figuresOf({ ...running, progress: null })).toBe('Downloading');
  const stopped = { doneBytes: 3e9, totalBytes: 21e9, bytesPerSecond: 0, secondsLeft: null };
  expect(figuresOf({ ...running, progress: stopped })).toBe('Downloading, 3.0\u00a0GB of 21.0\u00a0GB');
  expect(figuresOf({ ...running, state: { status: 'paused' } })).toBe('3.0\u00a0GB of 21.0\u00a0GB');
});

test.each([
  ['https://hf-mirror.com', true],
  ['https://mirror.example.org:8443/hub', true],
  ['http://127.0.0.1:4000', true],
  ['http://mirror.example.org', false],
  ['https://me:secret@mirror.example.org', false],
  ['https://mirror.example.org?x=1', false],
  ['mirror', false],
  ['https://mirror.example.org:99999', false],
])('the mirror %s', (address, isRight) => {
  expect(isHubAddress(address)).toBe(isRight);
});

const OFFER: CatalogEntry = {
  id: 'x',
  name: 'Big',
  description: 'A big one.',
  repositories: ['some/big'],
  revision: 'main',
  license: { name: 'Big license', isOpen: false },
  task: 'text-to-video',
  video: { width: 720, height: 480, frames: 49 },
  downloadGb: 21,
  memory: { offloadedGb: 5, wholeGb: 15 },
  scheduler: 'dpm',
};
const ABSENT: ModelEntry = {
  ...MODEL,
  id: 'x',
  name: 'Big',
  source: 'catalog',
  path: null,
  sizeBytes: null,
  state: { status: 'absent' },
  offer: OFFER,
  files: null,
};

async function open(page: React.JSX.Element, changes: Partial<Slices>, answers = {}): Promise<FakeMain> {
  const main = fakeMain(changes, answers);
  connectWindow(main);
  await act(() => Promise.resolve());
  render(<TooltipProvider>{page}</TooltipProvider>);
  return main;
}
const card = (name: string) => within(screen.getByRole('listitem', { name }));
const HIDDEN = { hidden: true } as const;

test('a download shows its size and time before it starts', async () => {
  const offer = { fileCount: 12, totalBytes: 21e9, doneBytes: 0, freeBytes: 300e9, folder: '/models/x' };
  const main = await open(<ModelsPage />, { models: [MODEL, ABSENT] }, { inspectDownload: offer });
  const user = userEvent.setup();
  expect(card('Big').getByText(/at least 21 GB to download/)).toBeInTheDocument();
  expect(card('Big').getByText(/500 GB free on disk/)).toBeInTheDocument();
  await user.click(card('Big').getByRole('button', { name: 'Download' }));
  expect(await screen.findByText('21.0 GB in 12 files')).toBeInTheDocument();
  expect(screen.getByText('28 min 0 s at 100 Mbit/s')).toBeInTheDocument();
  expect(main.callsOf('downloadModel')).toEqual([]);
  await user.click(within(screen.getByRole('dialog', HIDDEN)).getByRole('button', { name: 'Download', ...HIDDEN }));
  expect(main.callsOf('downloadModel')).toEqual([{ modelId: 'x' }]);
});

test('a download that does not fit on the disk cannot be started', async () => {
  const offer = { fileCount: 12, totalBytes: 21e9, doneBytes: 0, freeBytes: 20e9, folder: '/models/x' };
  await open(<ModelsPage />, { models: [ABSENT] }, { inspectDownload: offer });
  await userEvent.setup().click(card('Big').getByRole('button', { name: 'Download' }));
  expect(await screen.findByText(/enough disk space/)).toBeInTheDocument();
  const start = within(screen.getByRole('dialog', HIDDEN)).getByRole('button', { name: 'Download', ...HIDDEN });
  expect(start).toBeDisabled();
});

test('a running download can be paused; one that needs a token resumes after signing in', async () => {
  const main = await open(<ModelsPage />, { models: [ABSENT], downloads: [running] });
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: 'Pause' }));
  expect(main.callsOf('pauseDownload')).toEqual([{ modelId: 'x' }]);
  const error = appError('MODEL_GATED', { repo: 'some/big' });
  act(() => main.push('downloads', [{ ...running, state: { status: 'failed', error } }]));
  expect(screen.getByText(/accept the license of/)).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Sign in' }));
  await user.type(screen.getByLabelText('Access token'), 'hf_0123456789');
  expect(screen.getByLabelText('Access token')).toHaveAttribute('type', 'password');
  await user.click(within(screen.getByRole('dialog', HIDDEN)).getByRole('button', { name: 'Sign in', ...HIDDEN }));
  expect(main.callsOf('signIn')).toEqual([{ token: 'hf_0123456789' }]);
  expect(main.callsOf('downloadModel')).toEqual([{ modelId: 'x' }]);
});

test('a damaged model names its file and is repaired with one press', async () => {
  const error = appError('MODEL_CORRUPT', { file: 'vae/config.json' });
  const files = { location: 'models' as const, verified: null, verifying: null, repairFrom: 'someone/model' };
  const broken: ModelEntry = { ...ABSENT, path: '/models/x', state: { status: 'broken', error }, files };
  const main = await open(<ModelsPage />, { models: [broken] });
  expect(screen.getByText(/vae\/config.json/)).toBeInTheDocument();
  expect(screen.getByText(/someone\/model/)).toBeInTheDocument();
  await userEvent.setup().click(screen.getByRole('button', { name: 'Repair' }));
  expect(main.callsOf('downloadModel')).toEqual([{ modelId: 'x' }]);
});

test('removing asks first, with the size', async () => {
  const files = {
    location: 'models' as const,
    verified: { fileCount: 3, known: 3 },
    verifying: null,
    repairFrom: null,
  };
  const main = await open(<ModelsPage />, { models: [{ ...MODEL, id: 'x', name: 'Big', sizeBytes: 5e9, files }] });
  const user = userEvent.setup();
  expect(screen.getByText(/3 files verified against Hugging Face/)).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Remove' }));
  expect(main.callsOf('removeModel')).toEqual([]);
  await user.click(screen.getByRole('button', { name: 'Remove 5.0\u00a0GB', ...HIDDEN }));
  expect(main.callsOf('removeModel')).toEqual([{ modelId: 'x' }]);
});

test('another mirror never inherits the permission to get the token', async () => {
  const settings = { ...SLICES.settings, hubMirror: 'https://one.example', sendTokenToMirror: true };
  const main = await open(<HubSettings />, { settings });
  const user = userEvent.setup();
  const field = screen.getByLabelText(copy.modelSettings.mirror);
  await user.clear(field);
  await user.type(field, 'http://two.example');
  expect(screen.getByRole('button', { name: 'Save' })).toBeDisabled();
  await user.clear(field);
  await user.type(field, 'https://two.example');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect(main.callsOf('setMirror')).toEqual([{ address: 'https://two.example' }]);
});
