import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  test: {
    // Every limit is for what never happens. A CI machine has two cores and runs Python beside this.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/{shared,main,preload,cli}/**/*.test.ts', 'scripts/**/*.test.ts'],
          environment: 'node',
          // Fresh modules for each file would take longer than the tests, and no module here keeps state.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'window',
          include: ['src/renderer/**/*.test.{ts,tsx}'],
          environment: 'happy-dom',
          // As above; test/setup-window.ts resets what the window keeps.
          isolate: false,
          setupFiles: ['test/setup-window.ts'],
          css: { modules: { classNameStrategy: 'non-scoped' } },
        },
      },
      {
        extends: true,
        test: { name: 'contract', include: ['test/contract/**/*.test.ts'], environment: 'node' },
      },
      {
        extends: true,
        test: {
          name: 'process',
          include: ['test/{process,upgrade}/**/*.test.ts', 'test/faults/worker-*.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          // They start real processes: one file at a time, or they measure each other.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: { name: 'chromium', include: ['test/chromium/**/*.test.ts'] },
      },
      {
        extends: true,
        test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        extends: true,
        test: { name: 'packaged', include: ['test/packaged/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        extends: true,
        // Each file has an index, a cache and slots of its own, and waits for programs most of the time.
        test: { name: 'install', include: ['test/faults/environment-*.test.ts'], testTimeout: 180_000 },
      },
    ],
  },
});
