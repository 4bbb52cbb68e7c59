/** Runs in the sandboxed preload before the app's own: `webUtils`, which Electron 22 does not have. */
import electron from 'electron';

const withPath = (file: File): string => ('path' in file && typeof file.path === 'string' ? file.path : '');
if (!('webUtils' in electron))
  Object.defineProperty(electron, 'webUtils', { value: { getPathForFile: withPath }, configurable: true });
