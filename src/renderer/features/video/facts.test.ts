import { expect, test } from 'vitest';
import { MODEL, video } from '../../../../test/fakes/main-process';
import { request } from '../../../../test/fakes/request';
import { copy } from '../../copy';
import { factGroups, factsAsText } from './facts';

const SHA = 'a'.repeat(64);
const VIDEO = {
  ...video('v', {
    request: request({
      modelId: MODEL.id,
      rewrittenFrom: 'ein Hund',
      loras: [{ path: '/l/style.safetensors', sha256: SHA, strength: 0.5 }],
    }),
    model: { id: MODEL.id, fingerprint: 'f1' },
    versions: { torch: '2.9.0' },
  }),
  marks: { isFavorite: false, rating: 3, tags: ['sea', 'dusk'] },
};
const REPORT = {
  totalMs: 28_000,
  msPerStep: 470,
  weightBytesRead: 5e9,
  stages: [{ stage: 'denoising' as const, durationMs: 20_000 }],
  peaks: [{ stage: 'denoising' as const, peakMemoryBytes: 22e9 }],
};
const { groups: titles } = copy.facts;

test('every group has its facts, with names instead of ids', () => {
  const groups = factGroups(VIDEO, REPORT, [MODEL]);
  expect(groups.map(({ title }) => title)).toEqual(Object.values(titles));
  const facts = Object.fromEntries(groups.flatMap((group) => group.facts));
  expect(facts).toMatchObject({
    [copy.facts.file]: 'v.mp4',
    [copy.videos.rating]: '3 of 5',
    [copy.videos.tags]: 'sea, dusk',
    [copy.compare.settings.rewrittenFrom]: 'ein Hund',
    [copy.compare.settings.seed]: '7',
    [copy.facts.modelId]: MODEL.name,
    [copy.facts.fingerprint]: 'f1',
    [copy.facts.loraHash({ name: 'style' })]: SHA,
    [copy.facts.total]: '28 s',
    [copy.facts.stagePeak({ stage: copy.progress.stages.denoising })]: '22.0\u00a0GB',
    torch: '2.9.0',
  });
});

test('unknown facts and empty groups are left out', () => {
  const bare = { ...video('v'), metadata: { ...video('v').metadata, versions: {} } };
  const groups = factGroups(bare, null, []);
  expect(groups.map(({ title }) => title)).not.toContain(titles.report);
  expect(groups.flatMap(({ facts }) => facts).filter(([, value]) => value === '')).toEqual([]);
});

test("the text has one line per fact under its group's title", () => {
  const text = factsAsText(factGroups(VIDEO, REPORT, [MODEL]));
  expect(text).toContain(`${titles.report}\n  ${copy.facts.total}: 28 s\n`);
  expect(text).toContain('\n\n');
});
