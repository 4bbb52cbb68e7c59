/** Files as the system has them: `original-fs` does not open an asar like a folder. */
import { createReadStream, promises } from 'original-fs';
import path from 'node:path';
import type { RawFiles } from '../../packaged/manifest';

async function* filesBelow(folder: string, prefix: string): AsyncGenerator<string> {
  for (const entry of await promises.readdir(folder, { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(path.join(folder, entry.name), `${name}/`);
    else yield name;
  }
}

export const rawFiles: RawFiles = {
  readText: (file) => promises.readFile(file, 'utf8'),
  readBytes: (file) => createReadStream(file),
  list: async (folder) => {
    const names: string[] = [];
    for await (const name of filesBelow(folder, '')) names.push(name);
    return names;
  },
};
