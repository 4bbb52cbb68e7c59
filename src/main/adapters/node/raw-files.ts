import { createReadStream, promises } from 'node:fs';
import path from 'node:path';
import type { RawFiles } from '../../packaged/manifest';

/** Of `node:fs`, or of Electron's `original-fs`, which has the same functions. */
export interface FileSystem {
  readonly createReadStream: (file: string) => AsyncIterable<Uint8Array>;
  readonly promises: Pick<typeof promises, 'readdir' | 'readFile'>;
}

async function* filesBelow(fs: FileSystem['promises'], folder: string, prefix: string): AsyncGenerator<string> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(fs, path.join(folder, entry.name), `${name}/`);
    else yield name;
  }
}

export const rawFilesOf = (fs: FileSystem): RawFiles => ({
  readText: (file) => fs.promises.readFile(file, 'utf8'),
  readBytes: (file) => fs.createReadStream(file),
  list: async (folder) => {
    const names: string[] = [];
    for await (const name of filesBelow(fs.promises, folder, '')) names.push(name);
    return names;
  },
});

export const nodeRawFiles = rawFilesOf({ createReadStream, promises });
