/** resources/manifest.json: the SHA-256 of every file in `resources`, which the app checks at each start. */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export async function writeManifest(resources: string): Promise<void> {
  const files: Record<string, string> = {};
  const entries = await readdir(resources, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(resources, path.join(entry.parentPath, entry.name)))
    .sort();
  for (const name of names)
    files[name] = createHash('sha256')
      .update(await readFile(path.join(resources, name)))
      .digest('hex');
  await writeFile(path.join(resources, 'manifest.json'), `${JSON.stringify({ files }, null, 1)}\n`, { mode: 0o644 });
}
