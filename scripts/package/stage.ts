/** Lays out a package's files as installed: the app, the command, the desktop files and the documentation. */
import { execa } from 'execa';
import { chmod, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../../src/cli/paths';
import { uvProgram } from '../python-for-tests';
import { writeManifest } from './manifest';
import { APP_FOLDER, type Product } from './product';

const FILES = path.join(import.meta.dirname, 'files');
const ICON_SIZES = [16, 24, 32, 48, 64, 128, 256] as const;
/** Test cases. Everything else in resources/ is read by the app or the engine. */
const TESTS_ONLY = 'golden';
const PYTHON = [
  '__main__.py',
  'requirements.lock',
  'requirements-flash-attention.lock',
  'requirements.wheels.json',
] as const;

/** `packed` is @electron/packager's output folder; `notices` are texts by file name. */
export async function stage(
  product: Product,
  packed: string,
  notices: Readonly<Record<string, string>>,
): Promise<string> {
  const root = path.join(product.work, 'stage');
  await rm(root, { recursive: true, force: true });
  const app = path.join(root, APP_FOLDER);
  await mkdir(path.dirname(app), { recursive: true });
  await cp(packed, app, { recursive: true });
  await addResources(path.join(app, 'resources'), notices);
  await addCommand(root);
  await addDesktopFiles(product, root);
  await addDocs(product, root, notices);
  await makeModesUniform(root);
  await writeManifest(path.join(app, 'resources'));
  return root;
}

async function addResources(folder: string, notices: Readonly<Record<string, string>>): Promise<void> {
  await cp(path.join(ROOT, 'resources'), path.join(folder, 'resources'), {
    recursive: true,
    filter: (file) => path.basename(file) !== TESTS_ONLY,
  });
  const isSource = (file: string): boolean => !file.includes('__pycache__');
  await cp(path.join(ROOT, 'python', 'splitreel'), path.join(folder, 'python', 'splitreel'), {
    recursive: true,
    filter: isSource,
  });
  for (const name of PYTHON) await copyFile(path.join(ROOT, 'python', name), path.join(folder, 'python', name));
  await mkdir(path.join(folder, 'uv'));
  await copyFile(await uvProgram(), path.join(folder, 'uv', 'uv'));
  await mkdir(path.join(folder, 'notices'));
  for (const [name, text] of Object.entries(notices)) await writeFile(path.join(folder, 'notices', name), text);
}

async function addCommand(root: string): Promise<void> {
  const script = await readFile(path.join(FILES, 'splitreel.sh'), 'utf8');
  const file = path.join(root, 'usr', 'bin', 'splitreel');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, script.replace('@APP@', '/lib/splitreel'), { mode: 0o755 });
}

async function addDesktopFiles(product: Product, root: string): Promise<void> {
  const share = path.join(root, 'usr', 'share');
  const applications = path.join(share, 'applications');
  await mkdir(applications, { recursive: true });
  await copyFile(path.join(FILES, 'splitreel.desktop'), path.join(applications, 'splitreel.desktop'));
  const icons = path.join(share, 'icons', 'hicolor');
  const addIcon = async (kind: string, source: string, name: string): Promise<void> => {
    await mkdir(path.join(icons, kind, 'apps'), { recursive: true });
    await copyFile(source, path.join(icons, kind, 'apps', name));
  };
  for (const size of ICON_SIZES)
    await addIcon(`${size}x${size}`, path.join(FILES, `icon-${size}.png`), 'splitreel.png');
  await addIcon('512x512', path.join(ROOT, 'resources', 'icons', 'icon.png'), 'splitreel.png');
  await addIcon('scalable', path.join(ROOT, 'resources', 'icons', 'icon.svg'), 'splitreel.svg');
  const metainfo = 'app.splitreel.Splitreel.metainfo.xml';
  const text = await readFile(path.join(FILES, metainfo), 'utf8');
  const date = new Date(product.epoch * 1000).toISOString().slice(0, 10);
  await mkdir(path.join(share, 'metainfo'), { recursive: true });
  await writeFile(
    path.join(share, 'metainfo', metainfo),
    text.replace('@VERSION@', product.version).replace('@DATE@', date),
  );
}

async function addDocs(product: Product, root: string, notices: Readonly<Record<string, string>>): Promise<void> {
  const docs = path.join(root, 'usr', 'share', 'doc', 'splitreel');
  await mkdir(docs, { recursive: true });
  await writeFile(path.join(docs, 'copyright'), notices['LICENSE.txt'] ?? '');
  await writeFile(path.join(docs, 'changelog.gz'), await gzipFile(path.join(ROOT, 'CHANGELOG.md')));
  const man = path.join(root, 'usr', 'share', 'man', 'man1');
  await mkdir(man, { recursive: true });
  await writeFile(path.join(man, 'splitreel.1.gz'), gzip(await manPage(product)));
}

const gzip = (text: string): Buffer => gzipSync(text, { level: 9 });
const gzipFile = async (file: string): Promise<Buffer> => gzip(await readFile(file, 'utf8'));

/** The same text as `splitreel --help`. */
async function manPage({ version, epoch }: Product): Promise<string> {
  const { HELP } = await import('../../src/cli/packaged/help');
  const date = new Date(epoch * 1000).toISOString().slice(0, 10);
  const [usage = '', ...rest] = HELP.split('\n\n');
  const literal = (text: string): string => text.replaceAll('\\', '\\e').replaceAll(/^\./gm, '\\&.');
  return [
    `.TH SPLITREEL 1 ${date} "Splitreel ${version}"`,
    '.SH NAME',
    'splitreel \\- make videos from text on all your GPUs',
    '.SH SYNOPSIS',
    literal(usage.replace(/^usage: /, '')),
    '.SH DESCRIPTION',
    '.nf',
    ...rest.map((block) => `${literal(block)}\n`),
    '.fi',
    '',
  ].join('\n');
}

/** Independent of the build machine's umask: folders and programs 0755, files 0644, Chromium's helper setuid. */
async function makeModesUniform(root: string): Promise<void> {
  await execa('chmod', ['-R', 'u=rwX,go=rX', root]);
  await chmod(path.join(root, APP_FOLDER, 'chrome-sandbox'), 0o4755);
  await chmod(path.join(root, APP_FOLDER, 'resources', 'uv', 'uv'), 0o755);
}
