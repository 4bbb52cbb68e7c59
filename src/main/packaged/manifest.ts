/**
 * Checks that the installed files are the packaged ones. Electron verifies an asar only on macOS and Windows, so on Linux
 * the app compares every file except Electron's own with resources/manifest.json.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import { mainCopy } from '../copy';

const manifestSchema = z.object({ files: z.record(z.string(), z.string()) });

export const MANIFEST_NAME = 'manifest.json';

/** Must treat an asar as a file: Electron's own `fs` shows it as a folder. */
export interface RawFiles {
  readonly readText: (file: string) => Promise<string>;
  readonly readBytes: (file: string) => AsyncIterable<Uint8Array>;
  /** Every file below the folder, by its path relative to it, with forward slashes. */
  readonly list: (folder: string) => Promise<readonly string[]>;
}

export type ManifestFault = { readonly file: string; readonly kind: 'changed' | 'missing' | 'added' };

/**
 * Returns the first difference, added files first, or null if all files are as packaged. `isExpected` limits the check to
 * some of the manifest's files, for a folder that contains no others.
 */
export async function checkManifest(
  files: RawFiles,
  resources: string,
  isExpected: (name: string) => boolean = () => true,
): Promise<ManifestFault | null> {
  const all = await readManifest(files, resources);
  if (all === null) return { file: MANIFEST_NAME, kind: 'missing' };
  const expected = Object.fromEntries(Object.entries(all).filter(([name]) => isExpected(name)));
  // Python writes bytecode next to its sources if it may: not in an installed package, but in an unpacked archive.
  const present = (await files.list(resources)).filter((name) => name !== MANIFEST_NAME && !isBytecode(name));
  const added = present.find((name) => expected[name] === undefined);
  if (added !== undefined) return { file: added, kind: 'added' };
  const missing = Object.keys(expected).find((name) => !present.includes(name));
  if (missing !== undefined) return { file: missing, kind: 'missing' };
  for (const [name, sha256] of Object.entries(expected))
    if ((await hashOf(files.readBytes(path.join(resources, name)))) !== sha256) return { file: name, kind: 'changed' };
  return null;
}

const isBytecode = (name: string): boolean => /(^|\/)__pycache__\/[^/]+\.pyc$/.test(name);

async function readManifest(files: RawFiles, resources: string): Promise<Readonly<Record<string, string>> | null> {
  try {
    return manifestSchema.parse(JSON.parse(await files.readText(path.join(resources, MANIFEST_NAME)))).files;
  } catch {
    return null;
  }
}

async function hashOf(chunks: AsyncIterable<Uint8Array>): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of chunks) hash.update(chunk);
  } catch {
    return null;
  }
  return hash.digest('hex');
}

export const describeFault = ({ file, kind }: ManifestFault, resources: string): string =>
  mainCopy().fault[kind]({ file: path.join(resources, file) });
