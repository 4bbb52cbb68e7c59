/**
 * The app's own folder: Electron with its fuses set and our code in an asar, packed by @electron/packager. Each package
 * format's own tool then builds the package. electron-builder would download its tools at build time, and its output is
 * not reproducible.
 */
import { flipFuses, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';
import { packager } from '@electron/packager';
import { execa } from 'execa';
import { copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../../src/cli/paths';
import type { Product } from './product';

/** Files of the fallback runtime that belong to the app it was extracted from. */
const LEFTOVERS = ['.DirIcon', 'AppRun', 'fiftyone.desktop', 'fiftyone.png', 'usr', 'resources'] as const;

/** Every fuse is listed, so that a new one in a later Electron fails the build until its value is decided. */
export const FUSES = {
  version: FuseVersion.V1,
  strictlyRequireAllFuses: true,
  resetAdHocDarwinSignature: false,
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
} as const;

/** Returns the folder of the packed app, whose `resources` contain only the asar so far. */
export async function packElectron(product: Product, { isForTests = false } = {}): Promise<string> {
  const source = path.join(product.work, 'app');
  await stageSource(product, source, isForTests);
  const { version, zipFolder } = await zipRuntime(product);
  const [folder] = await packager({
    dir: source,
    out: path.join(product.work, 'packed'),
    overwrite: true,
    quiet: true,
    name: 'Splitreel',
    executableName: 'splitreel',
    platform: 'linux',
    arch: 'x64',
    electronVersion: version,
    electronZipDir: zipFolder,
    asar: true,
    prune: false,
    derefSymlinks: false,
  });
  if (folder === undefined) throw new Error('@electron/packager produced no folder');
  const program = path.join(folder, 'splitreel');
  await setFuses(program, product);
  if (isForTests) await allowInspection(program);
  return folder;
}

/** The fallback runtime predates some fuses; only those it has are set. */
async function setFuses(program: string, { runtime }: Product): Promise<void> {
  if (runtime.kind === 'official') {
    await flipFuses(program, FUSES);
    return;
  }
  const wire = await getCurrentFuseWire(program);
  const known = Object.fromEntries(Object.entries(FUSES).filter(([fuse]) => !/^\d+$/.test(fuse) || fuse in wire));
  await flipFuses(program, { ...known, version: FuseVersion.V1, strictlyRequireAllFuses: false });
}

/** End-to-end tests attach through the debug switches. An app built this way never ends up in a package. */
async function allowInspection(program: string): Promise<void> {
  const fuse = { [FuseV1Options.EnableNodeCliInspectArguments]: true };
  await flipFuses(program, { ...fuse, version: FuseVersion.V1, strictlyRequireAllFuses: false });
}

/** Hides the debug switches from the app, which would refuse to start with them. */
const ENTRY_FOR_TESTS = (entry: string): string =>
  `process.argv = process.argv.filter((word) => !/^--(inspect|remote-debugging-port)=/.test(word));\nrequire('./${entry}');\n`;

/** What goes into the asar: the built app, and a package.json with only the fields that Electron reads. */
async function stageSource(product: Product, folder: string, isForTests: boolean): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const name of ['main', 'preload', 'renderer'])
    await cp(path.join(ROOT, 'out', name), path.join(folder, 'out', name), {
      recursive: true,
      filter: (file) => !file.endsWith('.map'),
    });
  const isFallback = product.runtime.kind === 'fallback';
  if (isFallback) {
    const bootstrap = path.join(path.dirname(product.runtime.program), 'resources', 'app');
    await mkdir(path.join(folder, 'out', 'runtime'));
    for (const name of ['packaged.cjs', 'polyfill.cjs', 'preload.cjs'])
      await copyFile(path.join(bootstrap, name), path.join(folder, 'out', 'runtime', name));
  }
  const entry = isFallback ? 'out/runtime/packaged.cjs' : 'out/main/index.cjs';
  if (isForTests) await writeFile(path.join(folder, 'for-tests.cjs'), ENTRY_FOR_TESTS(entry));
  const manifest = {
    name: 'splitreel',
    productName: 'Splitreel',
    version: product.version,
    main: isForTests ? 'for-tests.cjs' : entry,
  };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
}

/** @electron/packager expects Electron as its published zip, so this makes one of the runtime already on this machine. */
async function zipRuntime({ runtime, work }: Product): Promise<{ version: string; zipFolder: string }> {
  const source = path.dirname(runtime.program);
  const version = runtime.version;
  const copy = path.join(work, 'electron');
  await rm(copy, { recursive: true, force: true });
  await cp(source, copy, { recursive: true });
  if (runtime.kind === 'fallback') {
    for (const name of LEFTOVERS) await rm(path.join(copy, name), { recursive: true, force: true });
    await mkdir(path.join(copy, 'resources'));
    await rename(path.join(copy, 'LICENSE.electron.txt'), path.join(copy, 'LICENSE'));
  }
  await writeFile(path.join(copy, 'version'), version);
  const zipFolder = path.join(work, 'zip');
  await rm(zipFolder, { recursive: true, force: true });
  await mkdir(zipFolder, { recursive: true });
  const zip = path.join(zipFolder, `electron-v${version}-linux-x64.zip`);
  await execa('python3', ['-I', '-m', 'zipfile', '-c', zip, '.'], { cwd: copy });
  await rm(copy, { recursive: true });
  return { version, zipFolder };
}

export const electronLicenses = async (folder: string): Promise<string> =>
  readFile(path.join(folder, 'LICENSE'), 'utf8');
