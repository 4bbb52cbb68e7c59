/** Runs before the app's own sandboxed preload and adds `webUtils`, which Electron 22 lacks. */
import electron from 'electron';

const withPath = (file: File): string => ('path' in file && typeof file.path === 'string' ? file.path : '');
if (!('webUtils' in electron))
  Object.defineProperty(electron, 'webUtils', { value: { getPathForFile: withPath }, configurable: true });
