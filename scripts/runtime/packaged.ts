/** The packaged app's entry on the fallback runtime: the polyfills, then the app. */
import './polyfill';
import { createRequire } from 'node:module';
import path from 'node:path';
import { FALLBACK_NOTE } from './note';
import { addPreload, addProtocolHandle } from './protocol-handle';

addProtocolHandle();
addPreload();
process.env['SPLITREEL_RUNTIME'] = 'fallback';
process.env['SPLITREEL_RUNTIME_NOTE'] = FALLBACK_NOTE;
process.env['SPLITREEL_POLYFILL'] = path.join(__dirname, 'polyfill.cjs');
const main = path.join(__dirname, '..', 'main', 'index.cjs');
createRequire(main)(main);
