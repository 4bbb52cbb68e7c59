/** Builds the app if its sources have changed since the last build. */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../src/cli/paths';
import { print } from '../src/cli/terminal';

const SOURCES = ['src', 'resources', 'electron.vite.config.ts', 'package.json', 'package-lock.json'] as const;
const KEY_FILE = path.join(ROOT, 'out', 'built-from');

export async function buildApp(): Promise<void> {
  const key = await sourceKey();
  const before = await readFile(KEY_FILE, 'utf8').catch(() => '');
  if (before === key && existsSync(path.join(ROOT, 'out', 'main', 'index.cjs'))) return;
  print('Building the app …');
  const config = ['--logLevel', 'warn'];
  await execa('npx', ['electron-vite', 'build', ...config], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { NODE_ENV: 'production' },
  });
  await writeFile(KEY_FILE, key);
}

/** Names, sizes and times of all sources; reading their contents would take too long. */
async function sourceKey(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const full = path.join(ROOT, source);
    const isFolder = (await stat(full)).isDirectory();
    const names = isFolder ? (await readdir(full, { recursive: true })).sort() : [''];
    for (const name of names) {
      const { size, mtimeMs } = await stat(path.join(full, name));
      hash.update(`${source}/${name} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}
