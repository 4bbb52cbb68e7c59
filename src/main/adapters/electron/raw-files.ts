/** Files without Electron's asar support: `original-fs` doesn't treat an asar archive as a folder. */
import { createReadStream, promises } from 'original-fs';
import { rawFilesOf } from '../node/raw-files';

export const rawFiles = rawFilesOf({ createReadStream, promises });
