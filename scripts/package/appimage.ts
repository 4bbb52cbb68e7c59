/**
 * Builds the AppImage: a small program followed by a file system, which the program mounts to start AppRun in it. The
 * program comes from the AppImage project, pinned by version and hash. On the fallback runtime it comes from that
 * runtime's own AppImage.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { appendFile, chmod, copyFile, cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from '../../src/cli/paths';
import { print } from '../../src/cli/terminal';
import { fallbackAppImageRuntime } from '../runtime/fallback';
import { APP_FOLDER, buildEnvironment, releaseSuffix, type Product } from './product';

export interface Download {
  readonly url: string;
  readonly sha256: string;
}

const VERSION = '20251108';
const RUNTIME: Download = {
  url: `https://github.com/AppImage/type2-runtime/releases/download/${VERSION}/runtime-x86_64`,
  sha256: '2fca8b443c92510f1483a883f60061ad09b46b978b2631c807cd873a47ec260d',
};
/** For 945 kB. An unreachable host fails within seconds. */
const DOWNLOAD_TIMEOUT_MS = 60_000;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The file with this hash, downloaded if missing; null if the download is unreachable. */
export async function fetchOnce(file: string, wanted: Download): Promise<string | null> {
  const cached = await readFile(file).catch(() => null);
  if (cached !== null && sha256(cached) === wanted.sha256) return file;
  const response = await fetch(wanted.url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) }).catch(() => null);
  if (response?.ok !== true) return null;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (sha256(bytes) !== wanted.sha256)
    throw new Error(`${wanted.url} has the hash ${sha256(bytes)} instead of ${wanted.sha256}`);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.part`, bytes);
  await rename(`${file}.part`, file);
  return file;
}

const findRuntime = ({ runtime }: Product): Promise<string | null> =>
  runtime.kind === 'fallback'
    ? fallbackAppImageRuntime()
    : fetchOnce(path.join(cacheFolder(), `appimage-runtime-${VERSION}`), RUNTIME);

/** Returns null and prints why if the AppImage runtime is unavailable. */
export async function makeAppImage(product: Product, stage: string): Promise<string | null> {
  const runtime = await findRuntime(product);
  if (runtime === null) {
    print(`No AppImage was built, because ${RUNTIME.url} couldn't be downloaded.`);
    return null;
  }
  const folder = path.join(product.work, 'AppDir');
  await fillAppDir(folder, stage);
  const image = path.join(product.work, 'appimage.squashfs');
  // gzip, because every version of the runtime reads it.
  const fixed = ['-noappend', '-all-root', '-no-xattrs', '-no-progress', '-quiet', '-comp', 'gzip'];
  await execa('mksquashfs', [folder, image, ...fixed], { env: buildEnvironment(product) });
  const file = path.join(product.dist, `Splitreel-${product.version}-x86_64${releaseSuffix(product)}.AppImage`);
  await copyFile(runtime, file);
  await appendFile(file, await readFile(image));
  await chmod(file, 0o755);
  return file;
}

/** The AppImage format requires the desktop entry and the icon at the top level. */
async function fillAppDir(folder: string, stage: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await cp(stage, folder, { recursive: true });
  // A file system that a user mounts ignores setuid bits.
  await chmod(path.join(folder, APP_FOLDER, 'chrome-sandbox'), 0o755);
  const share = path.join('usr', 'share');
  await symlink(path.join('usr', 'bin', 'splitreel'), path.join(folder, 'AppRun'));
  await copyFile(path.join(folder, share, 'applications', 'splitreel.desktop'), path.join(folder, 'splitreel.desktop'));
  const icon = path.join(folder, share, 'icons', 'hicolor', '256x256', 'apps', 'splitreel.png');
  await copyFile(icon, path.join(folder, 'splitreel.png'));
  await symlink('splitreel.png', path.join(folder, '.DirIcon'));
}
