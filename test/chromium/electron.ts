/** The same pages in this machine's Electron, in a window of the same size. */
import { _electron, type Page } from '@playwright/test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findRuntime } from '../../scripts/runtime/index';
import { isRoot } from '../../src/cli/system-packages';
import type { Rig } from './rig';

const MAIN = (address: string): string => `
const { app, BrowserWindow } = require('electron');
app.whenReady().then(() => {
  const window = new BrowserWindow({ width: 1280, height: 800, useContentSize: true, autoHideMenuBar: true });
  window.loadURL(${JSON.stringify(address)});
});
`;

export interface ElectronPage {
  readonly page: Page;
  readonly close: () => Promise<void>;
}

export async function openElectron(rig: Rig): Promise<ElectronPage> {
  const { program } = await findRuntime();
  const folder = await mkdtemp(path.join(tmpdir(), 'splitreel-electron-'));
  await writeFile(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'page', version: '0.0.0', main: 'main.cjs' }),
  );
  await writeFile(path.join(folder, 'main.cjs'), MAIN(`${rig.address}/index.html`));
  const screen = ['-screen', '0', '1600x1200x24', '-nolisten', 'tcp'];
  const xvfb = spawn('Xvfb', ['-displayfd', '1', ...screen], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [answer] = (await once(xvfb.stdout, 'data')) as [Buffer];
  const display = answer.toString().trim();
  const app = await _electron.launch({
    executablePath: program,
    args: [folder],
    chromiumSandbox: !isRoot(),
    env: { DISPLAY: `:${display}`, HOME: folder, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
  });
  const page = await app.firstWindow();
  await app.context().addInitScript(rig.script);
  await page.reload();
  await page.getByRole('navigation').waitFor();
  return {
    page,
    close: async () => {
      await app.close();
      xvfb.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
