/**
 * Replaces Electron's default app in the fallback runtime. Loads the polyfills, then the app folder on the command line
 * and the modules given with `-r` (Playwright passes one), as the default app does.
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

const args = process.argv.slice(1);
const required: string[] = [];
let folder: string | null = null;
for (let index = 0; index < args.length; index += 1) {
  const arg = args[index] ?? '';
  if (arg === '-r') {
    index += 1;
    required.push(args[index] ?? '');
  } else if (!arg.startsWith('-')) {
    folder ??= path.resolve(arg);
  }
}
if (folder === null) {
  console.error('usage: electron [FLAGS] APP_FOLDER');
  process.exit(2);
}
const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
app.setName(manifest.productName ?? manifest.name);
// Electron's default app uses these two; its published types leave them out.
const internalApp = app as unknown as {
  readonly setVersion: (version: string) => void;
  readonly setAppPath: (folder: string) => void;
};
internalApp.setVersion(manifest.version);
internalApp.setAppPath(folder);
const load = createRequire(path.join(folder, 'package.json'));
for (const module of required) load(module);
load(path.join(folder, manifest.main));
