import { defineConfig } from '@playwright/test';
import path from 'node:path';

/** Or not tests: `npm run screenshots` takes `shots`, `npm run bench -- app` runs each `bench`. */
const KIND = process.env['SPLITREEL_E2E_KIND'] ?? 'e2e';

export default defineConfig({
  testDir: import.meta.dirname,
  testMatch: `**/*.${KIND}.ts`,
  // A subfolder, because Playwright removes it at its start.
  outputDir: path.join(
    process.env['SPLITREEL_E2E_OUTPUT'] ?? path.join(import.meta.dirname, '..', '..', 'test-results'),
    'traces',
  ),
  // On CI's two cores, two workers take longer than one (472 s instead of 422 s) and make every test slower.
  workers: 1,
  // A hang costs ten minutes; a busy machine costs no test.
  timeout: 600_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  forbidOnly: process.env['CI'] !== undefined,
});
