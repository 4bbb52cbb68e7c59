/** What the main process's services need around them: the real file system, clock and processes, and no desktop. */
import path from 'node:path';
import process from 'node:process';
import { nodeClock } from '../../src/main/adapters/node/clock';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { nodeRandom } from '../../src/main/adapters/node/random';
import type { AppOptions, AppPorts } from '../../src/main/compose/app';
import type { Desktop } from '../../src/main/ports/desktop';
import { WebError } from '../../src/main/ports/web';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Every question is canceled or answered with yes. */
export const NO_DESKTOP: Desktop = {
  chooseFolder: () => Promise.resolve(null),
  chooseFile: () => Promise.resolve(null),
  chooseSavePath: () => Promise.resolve(null),
  moveToTrash: () => Promise.resolve(),
  showInFolder: () => undefined,
  openFolder: () => Promise.resolve(),
  openLink: () => Promise.resolve(),
  openModelPage: () => Promise.resolve(),
  openPage: () => Promise.resolve(),
  copyText: () => undefined,
  startDrag: () => undefined,
  notify: () => undefined,
  keepAwake: () => undefined,
  isWindowInFront: () => true,
  showProgress: () => undefined,
  confirm: () => Promise.resolve(true),
  confirmQuit: () => Promise.resolve(true),
};

export const servicePorts = (desktop: Desktop = NO_DESKTOP): AppPorts => ({
  files: nodeFiles,
  clock: nodeClock,
  random: nodeRandom,
  processes: nodeProcesses,
  desktop,
  secrets: {
    isAvailable: () => Promise.resolve(false),
    encrypt: () => Promise.reject(new Error('no keychain')),
    decrypt: () => Promise.reject(new Error('no keychain')),
  },
  readSystem: () => Promise.resolve({ cpuName: 'A CPU', cpuCores: 8, memoryTotalBytes: 32e9, platform: 'linux' }),
  hasNvidiaCard: () => Promise.resolve(false),
  makeThumbnail: () => Promise.resolve(null),
  web: {
    get: () => Promise.reject(new WebError('unreachable', 'no network')),
    post: () => Promise.resolve({ kind: 'unreachable', problem: 'no network' }),
  },
});

/** An app whose data, cache and home are in `folder`, where no program is on PATH. */
export const serviceOptions = (folder: string): AppOptions => ({
  dataRoot: path.join(folder, 'data'),
  cacheFolder: path.join(folder, 'cache'),
  pythonFolder: path.join(ROOT, 'python'),
  uvProgram: null,
  noticesFolder: null,
  resourcesFolder: path.join(ROOT, 'resources'),
  defaultVideosFolder: path.join(folder, 'videos'),
  systemLanguages: ['en'],
  home: folder,
  env: { PATH: path.join(folder, 'empty'), HOME: folder },
  pid: process.pid,
  platform: 'linux',
  arch: 'x64',
  about: {
    version: '0',
    electron: '0',
    chromium: '0',
    runtime: { kind: 'official', note: '' },
    platform: 'linux-x64',
    isPackaged: false,
  },
});
