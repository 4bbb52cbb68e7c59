/** Where the downloader keeps the record of what it verified of a model. The Python store alone reads and writes it. */
import { createHash } from 'node:crypto';
import path from 'node:path';

/**
 * Never inside the model's folder: a record that came with a folder would say where it may be repaired from. A model in
 * the models folder is known by its name, so that its record holds when the models folder moves.
 */
export function recordFile(folder: string, location: 'models' | 'cache' | 'folder', recordsFolder: string): string {
  const key = location === 'models' ? `models/${path.basename(folder, '.part')}` : folder;
  return path.join(recordsFolder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
}
