/** A package's bill of materials and third-party notices. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../../src/cli/paths';
import { npmLicenseText, npmSbom, pythonComponents, type Component } from './components';
import { electronLicenses } from './electron';
import type { Product } from './product';

export interface Documents {
  readonly sbom: string;
  /** By file name. */
  readonly notices: Readonly<Record<string, string>>;
}

export async function makeDocuments(product: Product, packed: string): Promise<Documents> {
  const npm = await npmSbom();
  const python = await pythonComponents();
  const electron: Component = {
    name: 'electron',
    version: product.runtime.version,
    purl: `pkg:npm/electron@${product.runtime.version}`,
    licenses: ['MIT'],
  };
  const sbom = {
    ...npm,
    serialNumber: stableSerial(product, [...python, electron]),
    metadata: {
      timestamp: new Date(product.epoch * 1000).toISOString(),
      component: {
        type: 'application',
        name: 'splitreel',
        version: product.version,
        licenses: [license('Apache-2.0')],
      },
    },
    components: [
      ...npm.components.map(({ licenses, ...component }) => ({ ...component, ...(licenses && { licenses }) })),
      ...[electron, ...python].map((component) => ({
        type: 'library',
        'bom-ref': component.purl,
        name: component.name,
        version: component.version,
        purl: component.purl,
        licenses: component.licenses.map(license),
      })),
    ],
  };
  const bill = `${JSON.stringify(sbom, null, 1)}\n`;
  const notices = {
    'splitreel.cdx.json': bill,
    'LICENSE.txt': await readFile(path.join(ROOT, 'LICENSE'), 'utf8'),
    'THIRD-PARTY.txt': await thirdParty(npm.components, python, packed),
  };
  return { sbom: bill, notices };
}

const license = (name: string): { license: { name: string } } => ({ license: { name } });

/** CycloneDX requires a UUID; this one depends only on the commit. */
function stableSerial(product: Product, components: readonly Component[]): string {
  const hash = createHash('sha256')
    .update(`${product.version} ${product.epoch} ${JSON.stringify(components)}`)
    .digest('hex');
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `5${hash.slice(13, 16)}`, `8${hash.slice(17, 20)}`];
  return `urn:uuid:${[...parts, hash.slice(20, 32)].join('-')}`;
}

async function thirdParty(
  npm: readonly { readonly name: string; readonly group?: string | undefined; readonly version: string }[],
  python: readonly Component[],
  packed: string,
): Promise<string> {
  const line = '-'.repeat(78);
  const blocks = [
    'Splitreel includes or installs the software below. Chromium and the libraries inside it are listed in\n' +
      'LICENSES.chromium.html, next to the program.',
    `${line}\nElectron\n${line}\n${await electronLicenses(packed)}`,
  ];
  for (const component of npm) {
    const name = component.group === undefined ? component.name : `${component.group}/${component.name}`;
    const text = await npmLicenseText(name);
    if (text !== '') blocks.push(`${line}\n${name} ${component.version}\n${line}\n${text.trim()}`);
  }
  const table = python.map(
    ({ name, version, licenses }) => `${name} ${version}: ${licenses.join(', ') || 'see package'}`,
  );
  blocks.push(
    `${line}\nPython packages\n${line}\nThe environment installs these from the package index. Each includes its own license text, in its\n` +
      `dist-info folder.\n\n${table.join('\n')}`,
  );
  return `${blocks.join('\n\n')}\n`;
}
