/** `npm run package`: a .deb, an .rpm, a .tar.gz and an AppImage in dist/, with checksums and a bill of materials. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildApp } from './build-app';
import { ensurePackages } from '../src/cli/system-packages';
import { makeAppImage } from './package/appimage';
import { makeDeb, makeRpm, makeTarball, writeChecksums } from './package/archives';
import { makeDocuments } from './package/documents';
import { packElectron } from './package/electron';
import { readProduct, releaseSuffix, type Product } from './package/product';
import { stage } from './package/stage';
import { print } from '../src/cli/terminal';
import { findRuntime } from './runtime/index';

const TOOLS = ['rpm', 'squashfs-tools'] as const;

/** `npm run package -- for-tests`: builds dist/for-tests, the packaged app with access for the end-to-end tests. */
const FOR_TESTS = 'for-tests';

async function makeForTests(product: Product): Promise<void> {
  const folder = path.join(product.dist, FOR_TESTS);
  await rm(folder, { recursive: true, force: true });
  const packed = await packElectron(product, { isForTests: true });
  const { notices } = await makeDocuments(product, packed);
  await rename(await stage(product, packed, notices), folder);
  await rm(product.work, { recursive: true });
}

async function main(kinds: readonly string[]): Promise<void> {
  const wants = (kind: string): boolean => kinds.length === 0 || kinds.includes(kind);
  const started = performance.now();
  await ensurePackages(TOOLS);
  const [runtime] = await Promise.all([findRuntime(), buildApp()]);
  const product = await readProduct(runtime);
  if (kinds.includes(FOR_TESTS)) {
    await makeForTests(product);
    return;
  }
  await rm(product.dist, { recursive: true, force: true });
  await mkdir(product.dist, { recursive: true });
  const packed = await packElectron(product);
  const { sbom, notices } = await makeDocuments(product, packed);
  const staged = await stage(product, packed, notices);
  const built: string[] = [];
  const appImage = wants('AppImage') ? await makeAppImage(product, staged) : null;
  if (appImage !== null) built.push(appImage);
  if (wants('deb')) built.push(await makeDeb(product, staged));
  if (wants('rpm')) built.push(await makeRpm(product, staged));
  if (wants('tar.gz')) built.push(await makeTarball(product, staged));
  const bill = path.join(product.dist, `splitreel-${product.version}${releaseSuffix(product)}.cdx.json`);
  await writeFile(bill, sbom);
  await writeChecksums(product.dist, [...built, bill]);
  await rm(product.work, { recursive: true });
  for (const file of built) print(path.relative(process.cwd(), file));
  print(`Packaged in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
