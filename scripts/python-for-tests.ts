/** The Python that checks and tests use: the app's own lock plus the development lock, kept outside the tree. */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import environment from '../resources/environment.json' with { type: 'json' };
import { cacheFolder } from '../src/cli/paths';
import { ensurePip } from '../src/cli/system-packages';

export const UV_VERSION = environment.uv.version;
const LOCKS = ['python/requirements.lock', 'python/requirements-dev.lock'] as const;

/** The environment's folder, which may not exist yet. Its name is a hash of its locks. */
export async function folderForTests(root: string): Promise<string> {
  const texts = await Promise.all(LOCKS.map((lock) => readFile(path.join(root, lock), 'utf8')));
  const key = createHash('sha256').update(texts.join('\0')).update(UV_VERSION).digest('hex').slice(0, 16);
  return path.join(cacheFolder(), `test-python-${key}`);
}

/** Returns the environment's folder and creates it if missing. */
export async function pythonForTests(root: string): Promise<string> {
  const folder = await folderForTests(root);
  if (existsSync(path.join(folder, 'complete'))) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(cacheFolder(), { recursive: true });
  const uv = await uvProgram();
  const run = (args: readonly string[]) =>
    execa(uv, args, { cwd: root, stdio: 'inherit', env: { UV_CACHE_DIR: path.join(cacheFolder(), 'uv') } });
  await run(['venv', '--quiet', '--python', '3.11', folder]);
  const python = path.join(folder, 'bin', 'python');
  const locks = LOCKS.flatMap((lock) => ['--requirements', lock]);
  await run(['pip', 'install', '--quiet', '--python', python, '--require-hashes', ...locks]);
  await writeFile(path.join(folder, 'complete'), '');
  return folder;
}

export async function uvProgram(): Promise<string> {
  const folder = path.join(cacheFolder(), `uv-${UV_VERSION}`);
  const program = path.join(folder, 'bin', 'uv');
  if (existsSync(program)) return program;
  await ensurePip();
  const partial = `${folder}.part`;
  await rm(partial, { recursive: true, force: true });
  const requirements = path.join(cacheFolder(), `uv-${UV_VERSION}.txt`);
  await mkdir(cacheFolder(), { recursive: true });
  await writeFile(requirements, `uv==${UV_VERSION} --hash=sha256:${environment.uv.wheelSha256['linux-x64']}\n`);
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '--target', partial];
  args.push('--requirement', requirements);
  await execa('python3', args, { stdio: 'inherit' });
  await rename(partial, folder);
  return program;
}
