import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import { resolve } from 'node:path';

// The app is written for Electron 45. Machines that reach package registries only, CI among them, run this same
// bundle on Electron 22 (Node 16, Chromium 108), so that is what the syntax is lowered to; what those lack in
// functions is put in by scripts/runtime/polyfill, in that runtime alone.
const NODE_TARGET = 'node16';
const CHROME_TARGET = 'chrome108';

// CommonJS, because a sandboxed preload script can be nothing else, and Electron 22 starts nothing else.
const commonJs = { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' } as const;

/** In kB. Chunks are read from the disk, where their size costs nothing. */
const CHUNK_LIMIT = 10_000;

export default defineConfig({
  main: {
    build: {
      target: NODE_TARGET,
      chunkSizeWarningLimit: CHUNK_LIMIT,
      outDir: 'out/main',
      externalizeDeps: false,
      sourcemap: true,
      rolldownOptions: {
        // `command` is the thread that runs the commands of the installed app.
        input: { index: resolve('src/main/index.ts'), command: resolve('src/cli/packaged/worker.ts') },
        external: ['original-fs'],
        output: commonJs,
      },
    },
  },
  preload: {
    build: {
      target: NODE_TARGET,
      outDir: 'out/preload',
      externalizeDeps: false,
      isolatedEntries: true,
      rolldownOptions: { input: { index: resolve('src/preload/index.ts') }, output: commonJs },
    },
  },
  renderer: {
    root: 'src/renderer',
    base: './',
    plugins: [react()],
    build: {
      target: CHROME_TARGET,
      chunkSizeWarningLimit: CHUNK_LIMIT,
      outDir: 'out/renderer',
      emptyOutDir: true,
      minify: true,
      // Fonts and pictures stay files: the content security policy allows no data: addresses.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // One file, linked from index.html, so that nothing is ever drawn without it.
      cssCodeSplit: false,
      rolldownOptions: { input: { index: resolve('src/renderer/index.html') } },
    },
  },
});
