/** Electron from its npm package: its installer downloads the program, checks its hash and caches it. */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, ROOT } from '../../src/cli/paths';
import { print } from '../../src/cli/terminal';

/** A failed download isn't retried for this long, so that the next start takes seconds. */
const RETRY_AFTER_MS = 6 * 3_600_000;
/** For the whole download: 120 MB on a slow line. An unreachable host fails within seconds. */
const DOWNLOAD_TIMEOUT_MS = 900_000;

const packageFolder = path.join(ROOT, 'node_modules', 'electron');

/** The program's path, or null if it is unavailable. */
export async function officialRuntime(): Promise<Official | null> {
  if (process.env['SPLITREEL_FALLBACK_RUNTIME'] === '1') return null;
  const { version } = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8')) as Version;
  const installed = await installedProgram();
  if (installed !== null) return { program: installed, version };
  const marker = path.join(
    cacheFolder(),
    `unreachable-${createHash('sha256').update(version).digest('hex').slice(0, 8)}`,
  );
  const triedAt = (await stat(marker).catch(() => null))?.mtimeMs ?? 0;
  if (Date.now() - triedAt < RETRY_AFTER_MS) return null;
  print(`Fetching Electron ${version} …`);
  const result = await execa(process.execPath, [path.join(packageFolder, 'install.js')], {
    cwd: ROOT,
    reject: false,
    timeout: DOWNLOAD_TIMEOUT_MS,
    stdout: 'inherit',
    stderr: 'pipe',
  });
  const program = await installedProgram();
  if (result.exitCode === 0 && program !== null) return { program, version };
  await mkdir(cacheFolder(), { recursive: true });
  await writeFile(marker, result.stderr);
  return null;
}

interface Official {
  readonly program: string;
  readonly version: string;
}

interface Version {
  readonly version: string;
}

async function installedProgram(): Promise<string | null> {
  const name = await readFile(path.join(packageFolder, 'path.txt'), 'utf8').catch(() => null);
  if (name === null) return null;
  const program = path.join(packageFolder, 'dist', name);
  return existsSync(program) ? program : null;
}
