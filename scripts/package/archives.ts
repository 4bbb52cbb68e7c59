/** Builds the .deb, .rpm and .tar.gz, each with its format's own tool: dpkg-deb, rpmbuild, tar. */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { APP_FOLDER, buildEnvironment, DESCRIPTION, releaseSuffix, type Product } from './product';

/** Debian 13 and Ubuntu 24.04 renamed libraries for their 64-bit time_t, so either name satisfies a dependency. */
const DEB_DEPENDS = [
  'libgtk-3-0t64 | libgtk-3-0',
  'libnss3',
  'libasound2t64 | libasound2',
  'libgbm1',
  'libx11-xcb1',
  'libxss1',
  'libxtst6',
  'libc6 (>= 2.28)',
] as const;

export async function makeDeb(product: Product, stage: string): Promise<string> {
  const control = path.join(stage, 'DEBIAN');
  await rm(control, { recursive: true, force: true });
  await mkdir(control, { mode: 0o755 });
  const { stdout: size } = await execa('du', ['-sk', '--apparent-size', '--exclude=DEBIAN', stage]);
  const fields = [
    'Package: splitreel',
    `Version: ${product.version}`,
    'Section: video',
    'Priority: optional',
    'Architecture: amd64',
    'Maintainer: The Splitreel authors <splitreel@invalid>',
    `Installed-Size: ${size.split('\t')[0] ?? '0'}`,
    `Depends: ${DEB_DEPENDS.join(', ')}`,
    // Without a font that covers Chinese, Chinese text is shown as boxes. Most systems have one.
    'Suggests: fonts-noto-cjk',
    'Description: make videos from text on all your GPUs',
    ...DESCRIPTION.map((line) => ` ${line}`),
    '',
  ];
  await writeFile(path.join(control, 'control'), fields.join('\n'), { mode: 0o644 });
  const prerm = await readFile(path.join(import.meta.dirname, 'files', 'prerm'), 'utf8');
  await writeFile(path.join(control, 'prerm'), prerm, { mode: 0o755 });
  const file = path.join(product.dist, `splitreel_${product.version}_amd64${releaseSuffix(product)}.deb`);
  await execa('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z9', '--build', stage, file], {
    env: buildEnvironment(product),
  });
  await rm(control, { recursive: true });
  return file;
}

export async function makeRpm(product: Product, stage: string): Promise<string> {
  const top = path.join(product.work, 'rpm');
  await rm(top, { recursive: true, force: true });
  await mkdir(top, { recursive: true });
  const template = await readFile(path.join(import.meta.dirname, 'files', 'splitreel.spec'), 'utf8');
  const spec = template
    .replace('@VERSION@', product.version)
    .replace('@DESCRIPTION@', DESCRIPTION.join('\n'))
    .replace('@STAGE@', stage);
  const specFile = path.join(top, 'splitreel.spec');
  await writeFile(specFile, spec);
  const macros = {
    _topdir: top,
    _buildhost: 'splitreel',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
    _binary_payload: 'w9.zstdio',
  };
  const defines = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  await execa('rpmbuild', ['-bb', '--quiet', '--target', 'x86_64-linux', '--nodeps', ...defines, specFile], {
    env: buildEnvironment(product),
  });
  const folder = path.join(top, 'RPMS', 'x86_64');
  const [built] = await readdir(folder);
  if (built === undefined) throw new Error('rpmbuild produced no package');
  const file = path.join(product.dist, `splitreel-${product.version}-1.x86_64${releaseSuffix(product)}.rpm`);
  await rename(path.join(folder, built), file);
  return file;
}

/** For all other distributions: a folder with the same app that can be unpacked anywhere. Its command is in `bin`. */
export async function makeTarball(product: Product, stage: string): Promise<string> {
  const name = `splitreel-${product.version}-linux-x64${releaseSuffix(product)}`;
  const folder = path.join(product.work, 'tarball', name);
  await rm(path.dirname(folder), { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(path.join(stage, 'usr', 'bin'), path.join(folder, 'bin'), { recursive: true });
  await cp(path.join(stage, APP_FOLDER), path.join(folder, 'lib', 'splitreel'), { recursive: true });
  await cp(path.join(stage, 'usr', 'share'), path.join(folder, 'share'), { recursive: true });
  // Unpacked by an ordinary user, the helper can't be setuid root. If the system needs that, the command says what to do.
  await chmod(path.join(folder, 'lib', 'splitreel', 'chrome-sandbox'), 0o755);
  const file = path.join(product.dist, `${name}.tar.gz`);
  const reproducible = ['--sort=name', `--mtime=@${product.epoch}`, '--owner=0', '--group=0', '--numeric-owner'];
  const args = [...reproducible, '--format=gnu', '--use-compress-program=gzip -n -6', '-cf', file];
  await execa('tar', [...args, '-C', path.dirname(folder), name], { env: buildEnvironment(product) });
  return file;
}

/** Writes SHA256SUMS, for `sha256sum --check`. */
export async function writeChecksums(dist: string, files: readonly string[]): Promise<void> {
  const lines: string[] = [];
  for (const file of [...files].sort()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    lines.push(`${hash.digest('hex')}  ${path.basename(file)}`);
  }
  await writeFile(path.join(dist, 'SHA256SUMS'), `${lines.join('\n')}\n`);
}
