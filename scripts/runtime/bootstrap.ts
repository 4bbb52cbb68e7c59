/**
 * The app inside the fallback runtime: does what Electron's own default app does with a folder on its command line
 * (and with the `-r` that Playwright gives), after filling in what this Electron lacks.
 */
import './polyfill';
import { app } from 'electron';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { addPreload, addProtocolHandle } from './protocol-handle';

interface Manifest {
  readonly main: string;
  readonly name: string;
  readonly productName?: string;
  readonly version: string;
}

addProtocolHandle();
addPreload();

const words = process.argv.slice(1);
const required: string[] = [];
let folder: string | null = null;
for (let index = 0; index < words.length; index += 1) {
  const word = words[index] ?? '';
  if (word === '-r') {
    index += 1;
    required.push(words[index] ?? '');
  } else if (!word.startsWith('-')) {
    folder ??= path.resolve(word);
  }
}
if (folder === null) {
  console.error('usage: electron [FLAGS] APP_FOLDER');
  process.exit(2);
}
const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
app.setName(manifest.productName ?? manifest.name);
// Electron's own default app uses these two; its published types leave them out.
const told = app as unknown as {
  readonly setVersion: (version: string) => void;
  readonly setAppPath: (at: string) => void;
};
told.setVersion(manifest.version);
told.setAppPath(folder);
const load = createRequire(path.join(folder, 'package.json'));
for (const module of required) load(module);
load(path.join(folder, manifest.main));
