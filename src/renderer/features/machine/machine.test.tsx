/** The Machine page on a fake main process: facts before an install, findings with their buttons, removal. */
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { connectWindow } from '../../../../test/connect-window';
import { fakeMain, type FakeMain } from '../../../../test/fakes/main-process';
import { appError } from '../../../shared/errors';
import type { InstallEstimate } from '../../../shared/environment';
import type { Slices } from '../../../shared/ipc';
import { useProjection } from '../../state/projection';
import { MachinePage } from './MachinePage';

const ESTIMATE: InstallEstimate = {
  variant: 'cpu',
  reason: 'oldDriver',
  driverProblem: appError('DRIVER_TOO_OLD', { found: '470.1', needed: '580' }),
  downloadBytes: 2_572_564_333,
  downloadCount: 60,
  packageCount: 64,
  needs: [{ folder: '/data/environment', bytes: 4.8e9, freeBytes: 3e9 }],
  fits: false,
};

async function open(changes: Partial<Slices>): Promise<FakeMain> {
  const main = fakeMain(changes, {
    estimateInstall: ESTIMATE,
    readLogTail: '',
    installFromFolder: true,
    installFromArchive: true,
    chooseInstallFolder: true,
  });
  connectWindow(main);
  await expect.poll(() => useProjection.getState().slices).not.toBeNull();
  render(<MachinePage />);
  return main;
}

test('download size, disk space and an outdated driver are shown before an install', async () => {
  const main = await open({ environment: { status: 'missing' } });
  expect(await screen.findByText(/driver 470\.1 is too old\. Version 580 or newer/)).toBeVisible();
  expect(screen.getByText(/60 of 64 packages/)).toBeVisible();
  expect(screen.getByText(/^[\d.]+ (s|min \d+ s) at 100 Mbit\/s$/)).toBeVisible();
  expect(screen.getByText('Not enough space.', { exact: false })).toBeVisible();
  expect(main.callsOf('installEnvironment')).toEqual([]);
  await userEvent.selectOptions(screen.getByLabelText('Packages'), 'NVIDIA GPUs');
  expect(main.callsOf('updateSettings')).toEqual([{ environmentVariant: 'cuda' }]);
  await userEvent.click(screen.getByRole('button', { name: 'Install from a folder' }));
  expect(main.callsOf('installFromFolder')).toHaveLength(1);
  await userEvent.click(screen.getByRole('button', { name: 'Install from a zip file' }));
  expect(main.callsOf('installFromArchive')).toHaveLength(1);
  const asked = main.callsOf('estimateInstall').length;
  await userEvent.click(screen.getByRole('button', { name: 'Choose another folder' }));
  expect(main.callsOf('chooseInstallFolder')).toHaveLength(1);
  await expect.poll(() => main.callsOf('estimateInstall').length).toBe(asked + 1);
});

test('a finding has a button only if the app can fix it', async () => {
  const nothing = { error: null, details: null };
  const sentence = { code: 'links_p2p_broken', params: { pairs: '0-1' } } as const;
  const finding = { ...nothing, topic: 'link', status: 'problem', sentence } as const;
  const main = await open({
    doctor: {
      status: 'done',
      findings: [
        { ...finding, details: '7 of 8 numbers were wrong', fix: 'p2p_off' },
        { ...finding, fix: null },
        { ...finding, topic: 'environment', status: 'ok', fix: 'repair' },
      ],
    },
  });
  const section = within(screen.getByRole('region', { name: 'System check' }));
  await userEvent.click(section.getByRole('button', { name: 'Check this computer' }));
  expect(main.callsOf('runDoctor')).toHaveLength(1);
  expect(section.getAllByRole('button')).toHaveLength(2);
  expect(section.getByText('7 of 8 numbers were wrong')).toBeVisible();
  await userEvent.click(section.getByRole('button', { name: 'Turn peer-to-peer off' }));
  expect(main.callsOf('updateSettings')).toEqual([{ isP2pOff: true }]);
});

test('removing asks first, with folder and size; items in use cannot be removed', async () => {
  const slot = { kind: 'slot', bytes: 5e9, ownBytes: 1e9, canRemove: true } as const;
  const main = await open({
    storage: {
      locations: [{ name: 'environment', folder: '/data/environment', freeBytes: 9e9, isDefault: true }],
      items: [
        { ...slot, id: 'slot:old', name: 'old', folder: '/data/slots/old' },
        { ...slot, id: 'slot:new', name: 'new', folder: '/data/slots/new', canRemove: false },
      ],
      moving: null,
    },
  });
  expect(screen.queryByRole('button', { name: 'Remove: Environment version new' })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Remove: Environment version old' }));
  expect(main.callsOf('removeStorage')).toEqual([]);
  expect(screen.getByText(/This deletes \/data\/slots\/old and frees/)).toBeInTheDocument();
  const dialog = screen.getByText('Remove Environment version old?').closest('dialog');
  await userEvent.click(within(dialog ?? document.body).getByRole('button', { name: 'Remove', hidden: true }));
  expect(main.callsOf('removeStorage')).toEqual([{ id: 'slot:old' }]);
  await userEvent.click(screen.getByRole('button', { name: 'Move: Python environment' }));
  expect(main.callsOf('moveStorage')).toEqual([{ name: 'environment', toDefault: false }]);
});
