/** Files as the system has them: `original-fs` does not open an asar like a folder. */
import { createReadStream, promises } from 'original-fs';
import { rawFilesOf } from '../node/raw-files';

export const rawFiles = rawFilesOf({ createReadStream, promises });
