import { defineConfig } from '@playwright/test';
import path from 'node:path';

export default defineConfig({
  testDir: import.meta.dirname,
  // Not tests: `npm run screenshots` takes screenshots, `npm run bench -- app` measures.
  testMatch: `**/*.${process.env['SPLITREEL_E2E_KIND'] ?? 'e2e'}.ts`,
  // A subfolder, because Playwright removes it at its start.
  outputDir: path.join(
    process.env['SPLITREEL_E2E_OUTPUT'] ?? path.join(import.meta.dirname, '..', '..', 'test-results'),
    'traces',
  ),
  // Each test starts an Electron and up to four torch processes; CI has two cores.
  workers: 1,
  fullyParallel: false,
  timeout: 240_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  forbidOnly: process.env['CI'] !== undefined,
});
