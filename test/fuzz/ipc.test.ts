/**
 * Junk from the window, to the real router and the real handlers: each message is answered, never with an error that
 * nobody foresaw, and the state stays one that the window accepts. `npm run fuzz` tries other messages, for longer.
 */
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openApp, type App } from '../../src/main/compose/app';
import { createRouter, type Router } from '../../src/main/ipc/router';
import { SILENT_LOG } from '../../src/main/ports/log';
import { appErrorSchema } from '../../src/shared/errors';
import { calls, snapshotSchema, type CallName } from '../../src/shared/ipc';
import { serviceOptions, servicePorts } from '../fakes/services';
import { near } from './near';

const RUNS = Number(process.env['SPLITREEL_FUZZ_RUNS'] ?? 40);
const SEED = Number(process.env['SPLITREEL_FUZZ_SEED'] ?? 1);
const NAMES = Object.keys(calls) as readonly CallName[];
const WINDOW = { webContentsId: 1, frame: { url: 'app://splitreel/index.html', isMainFrame: true } };

let folder = '';
let app: App;
let router: Router;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-fuzz-'));
  app = await openApp(servicePorts(), serviceOptions(folder));
  await app.begin();
  router = createRouter({ handlers: app.calls, windowId: () => 1, log: SILENT_LOG });
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

async function expectAnswer(name: unknown, input: unknown): Promise<void> {
  const answer = await router(WINDOW, name, input);
  if (!answer.ok) {
    const { code, details } = appErrorSchema.parse(answer.error);
    expect(code, details ?? '').not.toBe('INTERNAL');
  }
  snapshotSchema.parse(app.store.snapshot());
}

test.each(NAMES)('%s', async (name) => {
  const messages = fc.asyncProperty(near(calls[name].input), (input) => expectAnswer(name, input));
  await fc.assert(messages, { numRuns: RUNS, seed: SEED });
});

test('calls that are not in the table, from anywhere', async () => {
  const senders = fc.record({
    webContentsId: fc.integer({ min: 0, max: 2 }),
    frame: fc.option(fc.record({ url: fc.oneof(fc.webUrl(), fc.string()), isMainFrame: fc.boolean() }), { nil: null }),
  });
  const names = fc.oneof(fc.anything(), fc.constantFrom(...NAMES, 'constructor', '__proto__', 'toString'));
  const messages = fc.asyncProperty(senders, names, fc.anything(), async (sender, name, input) => {
    expect(await router(sender, name, input)).toMatchObject({ ok: false, error: { code: 'CALL_REFUSED' } });
  });
  await fc.assert(messages, { numRuns: 5 * RUNS, seed: SEED });
});
