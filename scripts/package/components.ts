/** Names, versions and licenses of what a package contains and of what the environment installs: for SBOM and notices. */
import { execa } from 'execa';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../../src/cli/paths';
import { pythonForTests } from '../python-for-tests';

const componentSchema = z.object({
  name: z.string(),
  version: z.string(),
  purl: z.string(),
  licenses: z.array(z.string()),
});
export type Component = z.infer<typeof componentSchema>;

const sbomSchema = z.looseObject({
  components: z.array(
    z.looseObject({
      name: z.string(),
      group: z.string().optional(),
      version: z.string(),
      purl: z.string(),
      licenses: z
        .array(
          z.object({ license: z.object({ id: z.string() }).optional(), expression: z.string().optional() }).loose(),
        )
        .optional(),
    }),
  ),
});
export type Sbom = z.infer<typeof sbomSchema>;

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), dev: z.boolean().optional(), devOptional: z.boolean().optional() }),
  ),
});

/**
 * npm's CycloneDX document, reduced to what the app bundles. npm's `--omit dev` would also drop packages that both the app
 * and a development package need (react and zod with npm 11), so the lock decides what is for development only.
 */
export async function npmSbom(): Promise<Sbom> {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const { stdout } = await execa('npm', args, { cwd: ROOT });
  const sbom = sbomSchema.parse(JSON.parse(stdout));
  const { packages } = lockSchema.parse(JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8')));
  const bundled = new Set(
    Object.entries(packages)
      .filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true)
      .map(([folder, { version }]) => `${folder.replace(/^.*node_modules\//, '')}@${version ?? ''}`),
  );
  const isBundled = ({ group, name, version }: Sbom['components'][number]): boolean =>
    bundled.has(`${group === undefined ? '' : `${group}/`}${name}@${version}`);
  return { ...sbom, components: sbom.components.filter(isBundled) };
}

/** Reads the packages of an environment made from the same lock. They state their license in one of three fields. */
const LIST_PACKAGES = `
import json, sys
from importlib import metadata
names = [line.split("==")[0].split("[")[0] for line in open(sys.argv[1]) if "==" in line and not line.startswith((" ", "#"))]
found = []
for name in sorted(set(names)):
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        continue  # for another Python or platform
    classifiers = [c.split(" :: ")[-1] for c in about.get_all("Classifier", []) if c.startswith("License ::")]
    short = about.get("License") or ""
    licenses = [about["License-Expression"]] if about.get("License-Expression") else classifiers
    licenses = licenses or ([short.splitlines()[0][:80]] if short else [])
    version = metadata.version(name)
    found.append({"name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}", "licenses": licenses})
print(json.dumps(found))
`;

/** The Python packages of an environment for NVIDIA GPUs, including FlashAttention 4, which only some GPUs get. */
export async function pythonComponents(): Promise<readonly Component[]> {
  const python = path.join(await pythonForTests(ROOT), 'bin', 'python');
  const lock = (name: string): string => path.join(ROOT, 'python', name);
  const { stdout } = await execa(python, ['-I', '-c', LIST_PACKAGES, lock('requirements.lock')]);
  const installed = z.array(componentSchema).parse(JSON.parse(stdout));
  return [...installed, ...lockedComponents(await readFile(lock('requirements-flash-attention.lock'), 'utf8'))];
}

/** The build machine may have none of these installed, so their licenses can't be read. */
const lockedComponents = (lock: string): readonly Component[] =>
  [...lock.matchAll(/^([\w.-]+)==(\S+)/gm)].map(([, name = '', version = '']) => {
    return { name, version, purl: `pkg:pypi/${name}@${version}`, licenses: [] };
  });

/** The license texts of an npm package, as it ships them. */
export async function npmLicenseText(name: string): Promise<string> {
  const folder = path.join(ROOT, 'node_modules', name);
  const files = (await readdir(folder).catch(() => [])).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
  return texts.join('\n');
}
