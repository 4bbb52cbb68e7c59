/** Files from elsewhere that the main process itself reads: presets, lists of prompts, videos. Read, or refused by name. */
import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeClock } from '../../src/main/adapters/node/clock';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { readMp4 } from '../../src/main/library/mp4';
import { openPrompts, type Prompts } from '../../src/main/prompts/prompts';
import { SplitreelError } from '../../src/shared/errors';
import { sliceSchemas } from '../../src/shared/ipc';
import { parseVideoMetadata, videoMetadataSchema } from '../../src/shared/library';
import { presetFileSchema } from '../../src/shared/presets';
import { metadata, mp4 } from '../fakes/mp4';
import { near } from './near';

const RUNS = Number(process.env['SPLITREEL_FUZZ_RUNS'] ?? 40);
const SEED = Number(process.env['SPLITREEL_FUZZ_SEED'] ?? 1);
const options = { numRuns: RUNS, seed: SEED };

let folder = '';
let prompts: Prompts;
let shown: unknown = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel-fuzz-'));
  const ignore = (): void => undefined;
  const file = path.join(folder, 'prompts.json');
  prompts = await openPrompts(
    { files: nodeFiles, clock: nodeClock },
    { file, onHistory: ignore, onPresets: (presets) => (shown = presets) },
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));
const json = (value: unknown): Buffer =>
  Buffer.from(JSON.stringify(value ?? null, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each)));

async function refusedAs(code: string, run: Promise<unknown>): Promise<boolean> {
  const error: unknown = await run.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error === null) return false;
  expect(error instanceof SplitreelError ? error.error.code : error).toBe(code);
  return true;
}

test('files of presets', async () => {
  const file = path.join(folder, 'import.json');
  const contents = fc.oneof(bytes, near(presetFileSchema).map(json));
  await fc.assert(
    fc.asyncProperty(contents, async (content) => {
      await writeFile(file, content);
      await refusedAs('PRESETS_UNREADABLE', prompts.importPresets(file));
      sliceSchemas.presets.parse(shown);
    }),
    options,
  );
});

test('lists of prompts', async () => {
  const file = path.join(folder, 'list.txt');
  const contents = fc.oneof(
    bytes,
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(contents, async (content) => {
      await writeFile(file, content);
      if (await refusedAs('PROMPTS_UNREADABLE', prompts.readList(file))) return;
      expect(await prompts.readList(file)).not.toMatch(/\ufffd/u);
    }),
    options,
  );
});

test('videos', async () => {
  const file = path.join(folder, 'video.mp4');
  const flips = fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { maxLength: 12 });
  const comments = fc.oneof(near(videoMetadataSchema).map(json), fc.constant(json(metadata())));
  await fc.assert(
    fc.asyncProperty(comments, flips, fc.option(fc.nat(10_000)), async (comment, changes, length) => {
      const whole = mp4(comment.toString());
      for (const [at, value] of changes) whole[at % whole.length] = value;
      const content = length === null ? whole : whole.subarray(0, length % whole.length);
      await writeFile(file, content);
      const facts = await readMp4(nodeFiles, file, content.length);
      if (facts === null) return;
      expect([facts.durationMs, facts.frameRate].every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
      const found = facts.comment === null ? null : parseVideoMetadata(facts.comment);
      if (found !== null) videoMetadataSchema.parse(found);
    }),
    options,
  );
});
