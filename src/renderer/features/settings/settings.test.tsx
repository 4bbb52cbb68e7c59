import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, SLICES, type FakeMain } from '../../../../test/fakes/main-process';
import { appError } from '../../../shared/errors';
import type { Slices } from '../../../shared/ipc';
import { copy } from '../../copy';
import { TooltipProvider } from '../../ui/Tooltip';
import { SettingsPage } from './SettingsPage';

const strings = copy.updates;

async function open(changes: Partial<Slices> = {}): Promise<FakeMain> {
  const main = fakeMain(changes, { readNotices: 'MIT License\nsomebody', setUpdateFeed: true });
  connectWindow(main);
  await act(() => Promise.resolve());
  render(<SettingsPage />, { wrapper: TooltipProvider });
  await screen.findByRole('region', { name: strings.title });
  return main;
}

const section = () => within(screen.getByRole('region', { name: strings.title }));
const ON = { settings: { ...SLICES.settings, isUpdateCheckOn: true } };
const withCheck = (check: Slices['updates']['check']): Partial<Slices> => ({
  ...ON,
  updates: { ...SLICES.updates, check },
});

test('nothing is requested until the user turns it on', async () => {
  const main = await open();
  expect(section().queryByRole('button', { name: strings.checkNow })).toBeNull();
  await userEvent.setup().click(section().getByRole('switch', { name: strings.check }));
  expect(main.callsOf('updateSettings')).toEqual([{ isUpdateCheckOn: true }]);
  expect(main.callsOf('checkForUpdates')).toEqual([]);
});

test('a build without a key says so and offers nothing', async () => {
  await open({ updates: { ...SLICES.updates, hasKey: false } });
  expect(section().getByText(strings.noKey)).toBeVisible();
  expect(section().queryByRole('switch')).toBeNull();
});

test('a newer version is shown with its notes as plain text, and its page opens on a click', async () => {
  const main = await open(withCheck({ status: 'available', checkedAtMs: 0, version: '0.2.0', notes: '<b>Faster</b>' }));
  expect(section().getByText('<b>Faster</b>')).toBeVisible();
  await userEvent.setup().click(section().getByRole('button', { name: strings.download }));
  expect(main.callsOf('openUpdatePage')).toEqual([undefined]);
});

test('a check that failed is explained', async () => {
  await open(withCheck({ status: 'failed', error: appError('UPDATE_NOT_SIGNED', { host: 'updates.example' }) }));
  expect(section().getByText(/isn't signed by Splitreel's developers/)).toBeVisible();
});

test('another feed has to be https', async () => {
  const main = await open(ON);
  const user = userEvent.setup();
  const field = section().getByLabelText(strings.feed);
  await user.type(field, 'http://elsewhere');
  expect(section().getByRole('button', { name: strings.save })).toBeDisabled();
  await user.clear(field);
  await user.type(field, 'https://elsewhere.example/latest.json');
  await user.click(section().getByRole('button', { name: strings.save }));
  expect(main.callsOf('setUpdateFeed')).toEqual([{ address: 'https://elsewhere.example/latest.json' }]);
});

test("About shows the package's licenses and marks a test build", async () => {
  const about = { ...SLICES.about, runtime: { kind: 'fallback' as const, note: 'Electron 22.' } };
  const main = await open({ about });
  const user = userEvent.setup();
  expect(screen.getByText(copy.settings.notForRelease)).toBeVisible();
  await user.click(screen.getByRole('button', { name: copy.settings.billOfMaterials }));
  expect(main.callsOf('showBillOfMaterials')).toEqual([undefined]);
  await user.click(screen.getByRole('button', { name: copy.settings.notices }));
  expect(await screen.findByText(/MIT License/)).toBeVisible();
});

test('a checkout has no package licenses to show', async () => {
  await open({ about: { ...SLICES.about, isPackaged: false } });
  expect(screen.queryByRole('button', { name: copy.settings.notices })).toBeNull();
});
